package cluster

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A Container is what the tasks of Kubernetes and AWS Batch run in.
type Container struct {
	Image  string
	Volume string // persistent volume claim, or EFS file system; a folder of it may follow a colon
	Mount  string // where the volume is, on this machine and in the container
	CPUs   int    // of a task
	Memory int    // MiB, of a task
	UID    int    // whom files are to belong to; below 1 the image says
	GID    int
	Native bool           // the program is of this machine's kind
	Patch  map[string]any // merged into the manifests, see patch
}

// volume is the name of the volume, and the folder of it that is mounted.
func (c *Container) volume() (name, folder string) {
	name, folder, _ = strings.Cut(c.Volume, ":")
	return name, folder
}

// manifest is v as JSON with the site's changes.
func (c *Container) manifest(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if len(c.Patch) > 0 {
		text, _ := json.Marshal(v) // nothing in it can fail
		var whole map[string]any
		_ = json.Unmarshal(text, &whole)
		v = patch(whole, c.Patch)
	}
	_ = e.Encode(v)
	return b.String()
}

// patch merges by RFC 7396: objects key by key, anything else replaces what
// stood there, and null takes it away.
func patch(to, by map[string]any) map[string]any {
	for key, value := range by {
		part, isObject := value.(map[string]any)
		switch old, was := to[key].(map[string]any); {
		case value == nil:
			delete(to, key)
		case isObject && was:
			to[key] = patch(old, part)
		case isObject:
			to[key] = patch(map[string]any{}, part) // nulls inside take nothing away
		default:
			to[key] = value
		}
	}
	return to
}
