package stage

import (
	"context"
	"sync"

	"github.com/premix/premix/io/source"
)

// lists has the chunks that the launcher listed for one start of a job, by the names of their containers. Workers in the launcher's
// process take them, each once, and list nothing again: a look at each of a million files takes longer than to make a sample's row.
var lists struct {
	sync.Mutex
	run        string
	containers map[string][]source.Chunk
}

// Listed keeps all chunks of an input for the workers of this process, those of earlier starts no more.
func Listed(job *Job, chunks []source.Chunk) {
	containers := map[string][]source.Chunk{}
	for _, c := range chunks {
		containers[c.Container.Name] = append(containers[c.Container.Name], c)
	}
	lists.Lock()
	defer lists.Unlock()
	lists.run, lists.containers = job.RunID, containers
}

// SplitOnce is [Split] for a worker: it takes what the launcher listed a moment ago, if that was in this process and nobody took it
// before. A bundle that is tried again lists anew.
func SplitOnce(ctx context.Context, job *Job, c source.Container) ([]source.Chunk, error) {
	if chunks := takeListed(job, c.Name); chunks != nil {
		return chunks, nil
	}
	return Split(ctx, job, c)
}

func takeListed(job *Job, name string) []source.Chunk {
	lists.Lock()
	defer lists.Unlock()
	if job.RunID == "" || lists.run != job.RunID {
		return nil
	}
	chunks := lists.containers[name]
	delete(lists.containers, name)
	return chunks
}
