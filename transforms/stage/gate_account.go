package stage

import (
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
)

// An Account is a part of what became of the input, as the finish stage needs it: no chunk is in it whose images
// are all good.
type Account struct {
	Number     int // in the order of the input
	Containers []dataset.InputContainer
	Bad        []BadChunk
	// Siblings is about how many images a failure weighs that stands for a whole container.
	Siblings int64
}

// A BadChunk is a chunk with failures. Weights are those of the failures among them that stand for lost bytes, in
// the order of the entries.
type BadChunk struct {
	PlannedChunk
	Weights []int64
}

// AssertValid returns an error that names an invariant of the account that does not hold.
func (a *Account) AssertValid() error {
	for i := range a.Bad {
		b := &a.Bad[i]
		if err := b.PlannedChunk.AssertValid(); err != nil {
			return err
		}
		if b.bad() == 0 || len(b.Weights) != len(b.Losses) {
			return defect("chunk %d has %d failures, and %d losses have %d weights", b.PlannedChunk.Number, b.bad(), len(b.Losses), len(b.Weights))
		}
	}
	return nil
}

// Accounts are cut where they have so many containers or chunks.
const accountRows = 1000

// accountFor says what became of the entries of each container, and which chunks have failures. Each kind was counted
// where it was decided; an entry that was counted twice, or not at all, is a defect of the program.
func accountFor(chunks []PlannedChunk) ([]Account, error) {
	list := make([]dataset.Chunk, len(chunks))
	for i := range chunks {
		p := &chunks[i]
		if err := p.AssertValid(); err != nil {
			return nil, err
		}
		list[i] = dataset.Chunk{
			Container: p.Container, First: p.First, Last: p.Last, CacheID: p.ID, Digest: p.Digest,
			Entries: p.Entries + p.Ignored, Ignored: p.Ignored, Good: p.Used, Excluded: p.Excluded, Failed: p.bad(),
		}
	}
	bad, siblings := badChunks(chunks)
	accounts := []Account{{}}
	for rows := range slices.Chunk(dataset.Containers(list), accountRows) {
		accounts = append(accounts, Account{Containers: rows})
	}
	for rows := range slices.Chunk(bad, accountRows) {
		accounts = append(accounts, Account{Bad: rows})
	}
	for i := range accounts {
		accounts[i].Number, accounts[i].Siblings = i, siblings
	}
	return accounts, nil
}

// badChunks are the chunks with failures, and what one weighs that stands for a container.
func badChunks(chunks []PlannedChunk) (bad []BadChunk, siblings int64) {
	weigh := newScale(chunks)
	for i := range chunks {
		if chunks[i].bad() == 0 {
			continue
		}
		b := BadChunk{PlannedChunk: chunks[i]}
		for _, l := range b.Losses {
			b.Weights = append(b.Weights, weigh.loss(b.Container, l))
		}
		bad = append(bad, b)
	}
	return bad, weigh.container()
}

// joined is what all accounts of a job say.
func joined(accounts []Account) *Account {
	slices.SortFunc(accounts, func(a, b Account) int { return a.Number - b.Number })
	all := &Account{}
	for i := range accounts {
		all.Siblings = accounts[i].Siblings
		all.Containers = append(all.Containers, accounts[i].Containers...)
		all.Bad = append(all.Bad, accounts[i].Bad...)
	}
	return all
}

// weight is what a failure that the catalog has weighs.
func (a *Account) weight(f *premix.Failure) int64 {
	if f.Weight == premix.AsSiblings {
		return a.Siblings
	}
	return f.Weight
}
