package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// AWSBatch is AWS Batch with the folder on an EFS file system.
type AWSBatch struct {
	Container
	Queue string
	Site  []string // options of the AWS CLI
}

// AWSOwn are the options of the AWS CLI that the program makes.
var AWSOwn = map[string]string{
	"--cli-input-json": "the requests are made by submit", "--cli-input-yaml": "the requests are made by submit",
	"--output": "submit reads what aws prints", "--query": "submit reads what aws prints",
	"--job-queue": "submit has a --queue of its own, before --", "--generate-cli-skeleton": "submit has a --dry-run, before --",
}

// The types below are those parts of the requests that the jobs need.
type (
	registerJobDefinition struct {
		Name      string              `json:"jobDefinitionName"`
		Type      string              `json:"type"`
		Container containerProperties `json:"containerProperties"`
		Retry     retryStrategy       `json:"retryStrategy"`
		Propagate bool                `json:"propagateTags"`
		Tags      map[string]string   `json:"tags"`
	}
	containerProperties struct {
		Image       string        `json:"image"`
		Command     []string      `json:"command"`
		User        string        `json:"user,omitempty"`
		Resources   []requirement `json:"resourceRequirements"`
		Volumes     []efsVolume   `json:"volumes"`
		MountPoints []mountPoint  `json:"mountPoints"`
	}
	requirement struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	efsVolume struct {
		Name string `json:"name"`
		EFS  efs    `json:"efsVolumeConfiguration"`
	}
	efs struct {
		ID      string `json:"fileSystemId"`
		Root    string `json:"rootDirectory,omitempty"`
		Encrypt string `json:"transitEncryption"`
	}
	mountPoint struct {
		Volume string `json:"sourceVolume"`
		Path   string `json:"containerPath"`
	}
	retryStrategy struct {
		Attempts int      `json:"attempts"`
		OnExit   []onExit `json:"evaluateOnExit"`
	}
	onExit struct {
		Action string `json:"action"`
		Status string `json:"onStatusReason,omitempty"`
		Reason string `json:"onReason,omitempty"`
		Code   string `json:"onExitCode,omitempty"`
	}
	submitJob struct {
		Name      string          `json:"jobName"`
		Queue     string          `json:"jobQueue"`
		After     []dependency    `json:"dependsOn,omitempty"`
		Array     *arraySize      `json:"arrayProperties,omitempty"`
		Def       string          `json:"jobDefinition"`
		Overrides commandOverride `json:"containerOverrides"`
	}
	dependency struct {
		ID string `json:"jobId"`
	}
	arraySize struct {
		Size int `json:"size"`
	}
	commandOverride struct {
		Command []string `json:"command"`
	}
)

const (
	mostAttempts = 10     // that AWS Batch allows
	mostChildren = 10_000 // of an array
)

// MostTasks is what AWS Batch allows.
func (*AWSBatch) MostTasks(context.Context) (int, error) { return mostChildren, nil }

func (a *AWSBatch) aws(ctx context.Context, into any, words ...string) error {
	out, err := Run(ctx, slices.Concat([]string{"aws", "batch"}, words, []string{"--output=json"}, a.Site)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return fmt.Errorf("aws batch %s: %w", words[0], err)
	}
	return nil
}

// Queued asks for the jobs by id, and for those children of arrays that have
// failed; AWS Batch forgets jobs a week after their end.
func (a *AWSBatch) Queued(ctx context.Context, sent Submission) (Submission, error) {
	left := Submission{Shards: sent.Shards, Times: sent.Times}
	ids := sent.IDs()
	if len(ids) == 0 {
		return left, nil
	}
	var described struct {
		Jobs []struct {
			ID     string    `json:"jobId"`
			Status string    `json:"status"`
			Array  arraySize `json:"arrayProperties"`
		} `json:"jobs"`
	}
	if err := a.aws(ctx, &described, slices.Concat([]string{"describe-jobs", "--jobs"}, ids)...); err != nil {
		return sent, err
	}
	size := map[string]int{} // of jobs under way; 0 if they are no arrays
	for _, j := range described.Jobs {
		if j.Status != "SUCCEEDED" && j.Status != "FAILED" {
			size[j.ID] = j.Array.Size
		}
	}
	for _, array := range sent.Arrays {
		children, on := size[array.ID]
		if !on {
			continue
		}
		var failed []int
		if children > 0 {
			var err error
			if failed, err = a.failed(ctx, array.ID); err != nil {
				return sent, err
			}
		}
		array, err := array.without(failed)
		if err != nil {
			return sent, err
		}
		left.Arrays = append(left.Arrays, array)
	}
	if _, on := size[sent.Merge]; on {
		left.Merge = sent.Merge
	}
	return left, nil
}

// failed are the indices of an array's children that have failed for good.
func (a *AWSBatch) failed(ctx context.Context, id string) (indices []int, err error) {
	var listed struct {
		Jobs []struct {
			Array struct {
				Index int `json:"index"`
			} `json:"arrayProperties"`
		} `json:"jobSummaryList"`
	}
	err = a.aws(ctx, &listed, "list-jobs", "--array-job-id", id, "--job-status", "FAILED")
	for _, j := range listed.Jobs {
		indices = append(indices, j.Array.Index)
	}
	return indices, err
}

// definition is what the array and the merge have in common. An attempt whose
// host is lost, or that is told to stop, is made again, up to ten in all.
func (a *AWSBatch) definition(s *Sweep) (File, []string) {
	id, folder := a.volume()
	if folder != "" && !strings.HasPrefix(folder, "/") {
		folder = "/" + folder
	}
	container := containerProperties{
		Image: a.Image, Command: []string{s.Program, "version"},
		Resources:   []requirement{{"VCPU", strconv.Itoa(a.CPUs)}, {"MEMORY", strconv.Itoa(a.Memory)}},
		Volumes:     []efsVolume{{"results", efs{id, folder, "ENABLED"}}},
		MountPoints: []mountPoint{{"results", a.Mount}},
	}
	if a.UID > 0 {
		container.User = fmt.Sprintf("%d:%d", a.UID, a.GID)
	}
	file := File{"awsbatch-definition.json", a.manifest(registerJobDefinition{
		Name: s.Name, Type: "container", Container: container, Propagate: true, Tags: map[string]string{"program": "idleshift"},
		Retry: retryStrategy{mostAttempts, []onExit{
			{Action: "RETRY", Status: "Host EC2*"},
			{Action: "RETRY", Status: "Your Spot Task was interrupted*"},
			{Action: "RETRY", Code: strconv.Itoa(Interrupted)},
			{Action: "RETRY", Reason: "CannotPullContainerError*"},
			{Action: "EXIT", Reason: "*"},
		}},
	})}
	return file, a.command(s, "register-job-definition", file)
}

func (a *AWSBatch) command(s *Sweep, verb string, file File) []string {
	return append([]string{"aws", "batch", verb, "--cli-input-json=file://" + filepath.Join(s.Folder, file.Name), "--output=json"}, a.Site...)
}

// Array is an array job, or where one shard is missing a job of its own: an
// array has two children or more. AWS Batch cannot be told how many to run at a
// time; that is the compute environment's.
func (a *AWSBatch) Array(s *Sweep, shards []int) Job {
	job := submitJob{Name: s.Name, Queue: a.Queue, Def: s.Name}
	shard := s.shard(shards)
	if len(shards) > 1 {
		job.Array = &arraySize{len(shards)}
	} else {
		shard = s.listed(shards) + "/" + strconv.Itoa(s.Shards)
	}
	job.Overrides.Command = append(s.work(shard), "--workers", strconv.Itoa(a.CPUs))
	return a.job(s, "awsbatch-work.json", job, true)
}

// Merge depends on the success of the array: that is of all its children, who
// need no type of dependency for it. An array submitted before may still run,
// and may fail where the new one does what is missing: the merge waits for what
// it does.
func (a *AWSBatch) Merge(s *Sweep, array string, before []Array) Job {
	wait := seen
	job := submitJob{Name: s.Name + "-merge", Queue: a.Queue, Def: s.Name}
	if array != "" {
		job.After = []dependency{{array}}
	}
	if len(before) > 0 {
		wait = mergeWaits
	}
	job.Overrides.Command = s.merge(wait)
	return a.job(s, "awsbatch-merge.json", job, array == "")
}

// job submits one job, after the definition of both if that is new.
func (a *AWSBatch) job(s *Sweep, name string, job submitJob, register bool) Job {
	var c Container // the site's changes are the definition's
	file := File{name, c.manifest(job)}
	j := Job{Files: []File{file}, Commands: [][]string{a.command(s, "submit-job", file)}}
	if register {
		definition, command := a.definition(s)
		j.Files = append([]File{definition}, j.Files...)
		j.Commands = append([][]string{command}, j.Commands...)
	}
	j.ID = func(printed string) (string, error) {
		var answer struct {
			ID string `json:"jobId"`
		}
		if err := json.Unmarshal([]byte(printed), &answer); err != nil || answer.ID == "" {
			return "", errors.New("aws batch submit-job printed no jobId: " + strings.TrimSpace(printed))
		}
		return answer.ID, nil
	}
	return j
}

// MergeWaits: it depends on what was submitted before it.
func (*AWSBatch) MergeWaits() bool { return false }
