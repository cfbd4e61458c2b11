// Package manifests holds what sweep submit writes for Kubernetes and AWS Batch
// against their own types. It is a module of its own, so that the program does
// not depend on them.
package manifests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

const design = `
base = "template"
design = "grid"
replicates = 2
regimes = ["status_quo", "cooperative"]
[factors.adoption]
key = "tiers.platform.adoption"
levels = [0.1, 0.3, 0.6, 0.9]
`

// submit plans a sweep, submits it with a scheduler's command that agrees to
// everything, and returns its folder and the folder of the manifests.
func submit(t *testing.T, tool, answer string, words ...string) (dir, jobs string) {
	t.Helper()
	program := os.Getenv("IDLESHIFT")
	if program == "" {
		t.Fatal("IDLESHIFT is not set to the path of the program")
	}
	mount := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(mount, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put(tool, "#!/bin/sh\ncat <<'END'\n"+answer+"\nEND\n")
	dir = filepath.Join(mount, "thick")
	run := func(words ...string) {
		cmd := exec.Command(program, words...)
		cmd.Env = append(os.Environ(), "PATH="+mount+":"+os.Getenv("PATH"))
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", words, err, said)
		}
	}
	run("sweep", "plan", put("design.toml", design), "--dir", dir, "--no-pilot", "--quiet")
	run(append([]string{"sweep", "submit", "--dir", dir, "--mount", mount}, words...)...)
	return dir, filepath.Join(dir, "jobs")
}

// same compares what was written with what the types make of it, so that a
// field which they know by another name, or not, is seen. Empty fields that the
// types add do not count.
func same(t *testing.T, name string, wrote []byte, typed any) {
	t.Helper()
	again, err := json.Marshal(typed)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(wrote, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &b); err != nil {
		t.Fatal(err)
	}
	for _, lost := range missing("", a, b) {
		t.Errorf("%s: the type does not keep %s", name, lost)
	}
}

// missing are the paths of a that b has not, or other.
func missing(path string, a, b any) (paths []string) {
	switch a := a.(type) {
	case map[string]any:
		other, _ := b.(map[string]any)
		for key, value := range a {
			paths = append(paths, missing(path+"."+key, value, other[key])...)
		}
		return paths
	case []any:
		other, _ := b.([]any)
		if len(a) != len(other) {
			return []string{path}
		}
		for i := range a {
			paths = append(paths, missing(fmt.Sprintf("%s[%d]", path, i), a[i], other[i])...)
		}
		return paths
	}
	if !reflect.DeepEqual(a, b) {
		return []string{path}
	}
	return nil
}

func job(t *testing.T, path string) *batchv1.Job {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	j := &batchv1.Job{}
	if err := yaml.UnmarshalStrict(text, j); err != nil {
		t.Fatalf("%s is not a Job of batch/v1: %v", path, err)
	}
	same(t, filepath.Base(path), text, j)
	return j
}

// A failure means that Kubernetes refuses the jobs, or takes them for others:
// that shards are not told apart, that the loss of a node counts as a failure,
// that one failing shard takes the others with it, or that results are written
// where nobody looks.
func TestKubernetes(t *testing.T) {
	dir, jobs := submit(t, "kubectl", "job.batch/created", "--engine", "kubernetes", "--volume", "results:team", "--shards", "5", "--at-once", "2", "--cpus", "2", "--memory", "3000")
	array, merge := job(t, filepath.Join(jobs, "kubernetes-work.json")), job(t, filepath.Join(jobs, "kubernetes-merge.json"))
	if array.Name == merge.Name || !strings.HasPrefix(merge.Name, array.Name) || len(merge.Name) > 52 {
		t.Errorf("the jobs are called %q and %q", array.Name, merge.Name)
	}
	for _, j := range []*batchv1.Job{array, merge} {
		pod := j.Spec.Template.Spec
		if j.APIVersion != "batch/v1" || j.Kind != "Job" || pod.RestartPolicy != corev1.RestartPolicyNever || len(pod.Containers) != 1 {
			t.Errorf("%s: %s %s, %s, %d containers", j.Name, j.APIVersion, j.Kind, pod.RestartPolicy, len(pod.Containers))
		}
		main := pod.Containers[0]
		size := main.Resources.Requests[corev1.ResourceMemory]
		if size.Cmp(resource.MustParse("3000Mi")) != 0 {
			t.Errorf("%s asks for %s of memory", j.Name, size.String())
		}
		if limit := main.Resources.Limits[corev1.ResourceMemory]; limit.Cmp(size) != 0 {
			t.Errorf("%s is given %s of memory", j.Name, limit.String())
		}
		volume := pod.Volumes[0]
		if volume.PersistentVolumeClaim == nil || volume.PersistentVolumeClaim.ClaimName != "results" || volume.PersistentVolumeClaim.ReadOnly {
			t.Errorf("%s: the volume is %+v", j.Name, volume)
		}
		mount := main.VolumeMounts[0]
		if mount.Name != volume.Name || mount.SubPath != "team" || mount.MountPath != filepath.Dir(dir) {
			t.Errorf("%s: mounted is %+v", j.Name, mount)
		}
		if pod.NodeSelector[corev1.LabelOSStable] != "linux" || pod.NodeSelector[corev1.LabelArchStable] == "" {
			t.Errorf("%s: the copy of the program runs on %v", j.Name, pod.NodeSelector)
		}
		if uid := int64(os.Getuid()); uid > 0 {
			s := pod.SecurityContext
			if s == nil || *s.RunAsUser != uid || !*s.RunAsNonRoot || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || *main.SecurityContext.AllowPrivilegeEscalation {
				t.Errorf("%s: security %+v, %+v", j.Name, s, main.SecurityContext)
			}
		}
		rules := j.Spec.PodFailurePolicy.Rules
		hopeless := batchv1.PodFailurePolicyActionFailIndex
		if j == merge {
			hopeless = batchv1.PodFailurePolicyActionFailJob
		}
		if len(rules) != 3 ||
			rules[0].Action != batchv1.PodFailurePolicyActionIgnore || rules[0].OnPodConditions[0].Type != corev1.DisruptionTarget || rules[0].OnPodConditions[0].Status != corev1.ConditionTrue ||
			rules[1].Action != batchv1.PodFailurePolicyActionIgnore || rules[1].OnExitCodes.Operator != batchv1.PodFailurePolicyOnExitCodesOpIn || !slices.Equal(rules[1].OnExitCodes.Values, []int32{130}) ||
			rules[2].Action != hopeless || !slices.Equal(rules[2].OnExitCodes.Values, []int32{2}) {
			t.Errorf("%s: the failure policy is %+v", j.Name, rules)
		}
	}
	s := array.Spec
	if s.CompletionMode == nil || *s.CompletionMode != batchv1.IndexedCompletion || *s.Completions != 5 || *s.Parallelism != 2 || s.BackoffLimitPerIndex == nil || *s.BackoffLimitPerIndex < 1 || s.BackoffLimit != nil {
		t.Errorf("the array is %+v", s)
	}
	if merge.Spec.CompletionMode != nil || merge.Spec.BackoffLimitPerIndex != nil || *merge.Spec.BackoffLimit < 1 {
		t.Errorf("the merge is %+v", merge.Spec)
	}
	commands(t, dir, array.Spec.Template.Spec.Containers[0].Command, merge.Spec.Template.Spec.Containers[0].Command, "5")
}

// commands looks at what the tasks run.
func commands(t *testing.T, dir string, work, merge []string, shards string) {
	t.Helper()
	text := strings.Join(work, " ")
	want := " sweep work --dir " + dir + " --shard auto/" + shards + " --max-failures 100 --workers 2"
	if !strings.HasPrefix(text, filepath.Join(dir, "jobs", "program-")) || !strings.HasSuffix(text, want) {
		t.Errorf("a task runs %s", text)
	}
	if info, err := os.Stat(work[0]); err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("the copy of the program: %v", err)
	}
	if text := strings.Join(merge[1:], " "); merge[0] != work[0] || !strings.HasPrefix(text, "sweep merge --dir "+dir+" --wait ") {
		t.Errorf("the merge runs %s", text)
	}
}

// wire is the service: it keeps what it is sent.
type wire struct{ path, body string }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	w.path, w.body = r.URL.Path, string(text)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`))}, err
}

// send reads a request strictly into the SDK's type and sends it; what goes
// over the wire must be what was written, to the name of every field.
func send[T any](t *testing.T, path string, call func(*batch.Client, *T) error) *T {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := new(T)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		t.Fatalf("%s is not a %T: %v", path, in, err)
	}
	w := &wire{}
	client := batch.New(batch.Options{Region: "ca-central-1", HTTPClient: w, Credentials: aws.AnonymousCredentials{}})
	if err := call(client, in); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	same(t, filepath.Base(path), text, json.RawMessage(w.body))
	same(t, filepath.Base(path), []byte(w.body), json.RawMessage(text))
	return in
}

// A failure means that AWS Batch refuses the requests, or takes them for
// others: that a lost host ends a shard, that a failing one is begun over and
// over, that the merge does not wait, or that results are written where nobody
// looks.
func TestAWSBatch(t *testing.T) {
	dir, jobs := submit(t, "aws", `{"jobId": "an-id"}`, "--engine", "awsbatch", "--volume", "fs-0123abcd:/team", "--queue", "spot", "--shards", "5", "--cpus", "2", "--memory", "5000")
	ctx := context.Background()
	def := send(t, filepath.Join(jobs, "awsbatch-definition.json"), func(c *batch.Client, in *batch.RegisterJobDefinitionInput) error {
		_, err := c.RegisterJobDefinition(ctx, in)
		return err
	})
	submitted := func(c *batch.Client, in *batch.SubmitJobInput) error {
		_, err := c.SubmitJob(ctx, in)
		return err
	}
	array := send(t, filepath.Join(jobs, "awsbatch-work.json"), submitted)
	merge := send(t, filepath.Join(jobs, "awsbatch-merge.json"), submitted)

	if def.Type != types.JobDefinitionTypeContainer {
		t.Errorf("the definition is of type %s", def.Type)
	}
	onExit := def.RetryStrategy.EvaluateOnExit
	action := func(pick func(*types.EvaluateOnExit) *string, value string) types.RetryAction {
		for i := range onExit {
			if s := pick(&onExit[i]); s != nil && *s == value {
				return onExit[i].Action
			}
		}
		return ""
	}
	status := action(func(e *types.EvaluateOnExit) *string { return e.OnStatusReason }, "Host EC2*")
	code := action(func(e *types.EvaluateOnExit) *string { return e.OnExitCode }, "130")
	other := action(func(e *types.EvaluateOnExit) *string { return e.OnReason }, "*")
	if *def.RetryStrategy.Attempts != 10 || len(onExit) > 5 || status != types.RetryActionRetry || code != types.RetryActionRetry || other != types.RetryActionExit || onExit[len(onExit)-1].Action != types.RetryActionExit {
		t.Errorf("retries: %d, a lost host %q, a stop %q, another end %q", *def.RetryStrategy.Attempts, status, code, other)
	}
	for _, e := range onExit {
		if !slices.Contains(e.Action.Values(), e.Action) {
			t.Errorf("there is no action %q", e.Action)
		}
	}
	c := def.ContainerProperties
	volume, mount := c.Volumes[0], c.MountPoints[0]
	if v := volume.EfsVolumeConfiguration; v == nil || *v.FileSystemId != "fs-0123abcd" || *v.RootDirectory != "/team" || v.TransitEncryption != types.EFSTransitEncryptionEnabled {
		t.Errorf("the volume is %+v", volume)
	}
	if *mount.SourceVolume != *volume.Name || *mount.ContainerPath != filepath.Dir(dir) || mount.ReadOnly != nil {
		t.Errorf("mounted is %+v", mount)
	}
	needs := map[types.ResourceType]string{}
	for _, r := range c.ResourceRequirements {
		needs[r.Type] = *r.Value
	}
	if needs[types.ResourceTypeVcpu] != "2" || needs[types.ResourceTypeMemory] != "5000" {
		t.Errorf("a task asks for %v", needs)
	}
	if *array.ArrayProperties.Size != 5 || len(array.DependsOn) != 0 || *array.JobQueue != "spot" || *array.JobDefinition != *def.JobDefinitionName {
		t.Errorf("the array is %+v", array)
	}
	// without a type, for the whole of the array
	if len(merge.DependsOn) != 1 || *merge.DependsOn[0].JobId != "an-id" || merge.DependsOn[0].Type != "" || merge.ArrayProperties != nil || *merge.JobDefinition != *def.JobDefinitionName {
		t.Errorf("the merge is %+v", merge)
	}
	commands(t, dir, array.ContainerOverrides.Command, merge.ContainerOverrides.Command, "5")
}
