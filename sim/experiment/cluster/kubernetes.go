package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"idleshift/sim/experiment"
)

// Kubernetes is a cluster with the folder on a persistent volume that many
// nodes may write to.
type Kubernetes struct {
	Container
	Site []string // options of kubectl
}

// KubernetesOwn are the options of kubectl that the program makes.
var KubernetesOwn = map[string]string{
	"--filename": "the manifests are made by submit", "-f": "the manifests are made by submit",
	"--output": "submit reads what kubectl prints", "-o": "submit reads what kubectl prints",
	"--dry-run": "submit has a --dry-run of its own, before --",
}

// The types below are those parts of the API's batch/v1 and core/v1 that the
// jobs need.
type (
	object struct {
		Name   string            `json:"name,omitempty"`
		Labels map[string]string `json:"labels,omitempty"`
	}
	kubernetesJob struct {
		APIVersion string  `json:"apiVersion"`
		Kind       string  `json:"kind"`
		Metadata   object  `json:"metadata"`
		Spec       jobSpec `json:"spec"`
	}
	jobSpec struct {
		CompletionMode string         `json:"completionMode,omitempty"`
		Completions    int            `json:"completions,omitempty"`
		Parallelism    int            `json:"parallelism,omitempty"`
		PerIndex       *int           `json:"backoffLimitPerIndex,omitempty"`
		BackoffLimit   *int           `json:"backoffLimit,omitempty"`
		TTL            int            `json:"ttlSecondsAfterFinished"`
		Policy         *failurePolicy `json:"podFailurePolicy"`
		Template       podTemplate    `json:"template"`
	}
	failurePolicy struct {
		Rules []failureRule `json:"rules"`
	}
	failureRule struct {
		Action     string      `json:"action"`
		Conditions []condition `json:"onPodConditions,omitempty"`
		ExitCodes  *exitCodes  `json:"onExitCodes,omitempty"`
	}
	condition struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	}
	exitCodes struct {
		Operator string `json:"operator"`
		Values   []int  `json:"values"`
	}
	podTemplate struct {
		Metadata object  `json:"metadata"`
		Spec     podSpec `json:"spec"`
	}
	podSpec struct {
		RestartPolicy   string            `json:"restartPolicy"`
		Grace           int               `json:"terminationGracePeriodSeconds"`
		NodeSelector    map[string]string `json:"nodeSelector,omitempty"`
		SecurityContext *podSecurity      `json:"securityContext,omitempty"`
		Containers      []container       `json:"containers"`
		Volumes         []claimedVolume   `json:"volumes"`
	}
	podSecurity struct {
		NonRoot bool           `json:"runAsNonRoot"`
		User    int            `json:"runAsUser"`
		Group   int            `json:"runAsGroup"`
		Seccomp seccompProfile `json:"seccompProfile"`
	}
	seccompProfile struct {
		Type string `json:"type"`
	}
	container struct {
		Name            string             `json:"name"`
		Image           string             `json:"image"`
		Command         []string           `json:"command"`
		Resources       resources          `json:"resources"`
		SecurityContext *containerSecurity `json:"securityContext,omitempty"`
		VolumeMounts    []volumeMount      `json:"volumeMounts"`
	}
	resources struct {
		Requests map[string]string `json:"requests"`
		Limits   map[string]string `json:"limits"`
	}
	containerSecurity struct {
		Escalation   bool         `json:"allowPrivilegeEscalation"`
		Capabilities capabilities `json:"capabilities"`
	}
	capabilities struct {
		Drop []string `json:"drop"`
	}
	volumeMount struct {
		Name      string `json:"name"`
		MountPath string `json:"mountPath"`
		SubPath   string `json:"subPath,omitempty"`
	}
	claimedVolume struct {
		Name  string `json:"name"`
		Claim claim  `json:"persistentVolumeClaim"`
	}
	claim struct {
		Name string `json:"claimName"`
	}
)

const (
	tries      = 3         // of a task or the merge, beside those that the cluster ended
	keptFor    = 7 * 86400 // seconds after its end that a job can be asked about
	grace      = 60        // seconds to put on disk what is finished
	mergeWaits = "24h"     // Kubernetes has no job that waits for another
	indexed    = "Indexed"
)

// MostTasks is less than the API allows, and as many as it handles well.
func (*Kubernetes) MostTasks(context.Context) (int, error) { return 10_000, nil }

// Queued asks for the jobs by name.
func (k *Kubernetes) Queued(ctx context.Context, sent Submission) (Submission, error) {
	left := Submission{Shards: sent.Shards, Times: sent.Times}
	names := sent.IDs()
	if len(names) == 0 {
		return left, nil
	}
	out, err := Run(ctx, slices.Concat([]string{"kubectl", "get", "jobs"}, names, []string{"--ignore-not-found", "--output=json"}, k.Site)...)
	if err != nil {
		return sent, err
	}
	under, err := underWay(out)
	if err != nil {
		return sent, fmt.Errorf("kubectl get jobs: %w", err)
	}
	for _, a := range sent.Arrays {
		failed, on := under[a.ID]
		if !on {
			continue
		}
		a, err := a.without(failed)
		if err != nil {
			return sent, err
		}
		left.Arrays = append(left.Arrays, a)
	}
	if _, on := under[sent.Merge]; on {
		left.Merge = sent.Merge
	}
	return left, nil
}

// underWay are the jobs that have not ended, by name, with the indices that
// have failed for good. kubectl prints one job as it is, many as a list, and
// none as nothing.
func underWay(printed string) (map[string][]int, error) {
	type job struct {
		Metadata object `json:"metadata"`
		Status   struct {
			Failed     string      `json:"failedIndexes"`
			Conditions []condition `json:"conditions"`
		} `json:"status"`
	}
	var all struct {
		job
		Items []job `json:"items"`
	}
	if strings.TrimSpace(printed) != "" {
		if err := json.Unmarshal([]byte(printed), &all); err != nil {
			return nil, err
		}
	}
	if all.Items == nil {
		all.Items = []job{all.job}
	}
	jobs := map[string][]int{}
	for _, j := range all.Items {
		ended := slices.ContainsFunc(j.Status.Conditions, func(c condition) bool {
			return (c.Type == "Complete" || c.Type == "Failed") && c.Status == "True"
		})
		if ended || j.Metadata.Name == "" {
			continue
		}
		failed, err := experiment.ParseIndices(j.Status.Failed)
		if err != nil {
			return nil, fmt.Errorf("the failed indices of %s: %w", j.Metadata.Name, err)
		}
		jobs[j.Metadata.Name] = failed
	}
	return jobs, nil
}

// Array is an Indexed Job. A pod that the cluster ends, or that is told to
// stop, is begun anew however often that happens; one that fails, a few times;
// one with bad input, never; and no index takes the others with it.
func (k *Kubernetes) Array(s *Sweep, shards []int) Job {
	command := append(s.work(s.shard(shards)), "--workers", strconv.Itoa(k.CPUs))
	perIndex := tries
	atOnce := len(shards)
	if s.AtOnce > 0 {
		atOnce = min(atOnce, s.AtOnce)
	}
	return k.job(s, s.Name, "work", jobSpec{
		CompletionMode: indexed, Completions: len(shards), Parallelism: atOnce, PerIndex: &perIndex,
		Policy: policy("FailIndex"), Template: k.pod("work", command, k.CPUs, k.Memory),
	})
}

// Merge is a job that waits in its pod, which asks for little, until nothing
// is missing. It needs no array to wait for.
func (k *Kubernetes) Merge(s *Sweep, _ string, _ []Array) Job {
	again := tries
	job := jobSpec{BackoffLimit: &again, Policy: policy("FailJob"), Template: k.pod("merge", s.merge(mergeWaits), k.CPUs, k.Memory)}
	job.Template.Spec.Containers[0].Resources.Requests["cpu"] = "100m"
	return k.job(s, s.Name+"-merge", "merge", job)
}

// policy says what the end of a pod means; hopeless is the action for one that
// would fail again.
func policy(hopeless string) *failurePolicy {
	return &failurePolicy{Rules: []failureRule{
		{Action: "Ignore", Conditions: []condition{{"DisruptionTarget", "True"}}},
		{Action: "Ignore", ExitCodes: &exitCodes{"In", []int{Interrupted}}},
		{Action: hopeless, ExitCodes: &exitCodes{"In", []int{BadInput}}},
	}}
}

func labels(part string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "idleshift", "app.kubernetes.io/component": part}
}

func (k *Kubernetes) job(s *Sweep, name, part string, spec jobSpec) Job {
	spec.TTL = keptFor
	file := File{"kubernetes-" + part + ".json", k.manifest(kubernetesJob{
		APIVersion: "batch/v1", Kind: "Job", Metadata: object{name, labels(part)}, Spec: spec,
	})}
	return Job{
		Files:    []File{file},
		Commands: [][]string{append([]string{"kubectl", "create", "--filename=" + filepath.Join(s.Folder, file.Name)}, k.Site...)},
		ID:       func(string) (string, error) { return name, nil },
	}
}

func (k *Kubernetes) pod(part string, command []string, cpus, memory int) podTemplate {
	size := strconv.Itoa(memory) + "Mi"
	claimed, folder := k.volume()
	main := container{
		Name: "idleshift", Image: k.Image, Command: command,
		Resources:    resources{Requests: map[string]string{"cpu": strconv.Itoa(cpus), "memory": size}, Limits: map[string]string{"memory": size}},
		VolumeMounts: []volumeMount{{"results", k.Mount, strings.TrimPrefix(folder, "/")}},
	}
	spec := podSpec{RestartPolicy: "Never", Grace: grace, Volumes: []claimedVolume{{"results", claim{claimed}}}}
	if k.UID > 0 {
		spec.SecurityContext = &podSecurity{NonRoot: true, User: k.UID, Group: k.GID, Seccomp: seccompProfile{"RuntimeDefault"}}
		main.SecurityContext = &containerSecurity{Capabilities: capabilities{[]string{"ALL"}}}
	}
	if k.Native {
		spec.NodeSelector = map[string]string{"kubernetes.io/os": runtime.GOOS, "kubernetes.io/arch": runtime.GOARCH}
	}
	spec.Containers = []container{main}
	return podTemplate{object{Labels: labels(part)}, spec}
}

// MergeWaits: it waits for the folder.
func (*Kubernetes) MergeWaits() bool { return true }
