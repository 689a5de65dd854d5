package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decodeManifest reads manifest.json as json.Unmarshal does, shard by shard: the file of a million shards has 200 MB,
// which nobody holds beside them.
func decodeManifest(r io.Reader, m *Manifest) error {
	d := json.NewDecoder(r)
	err := decodeObject(d, m, "replicas", func() error {
		m.Replicas = nil
		return decodeList(d, func() error {
			var r Replica
			if n := len(m.Replicas); n > 0 { // most have as many shards as the one before
				r.Shards = make([]Shard, 0, len(m.Replicas[n-1].Shards))
			}
			err := decodeReplica(d, &r)
			m.Replicas = append(m.Replicas, r)
			return err
		}, func() { m.Replicas = []Replica{} })
	})
	if err == nil {
		var more json.Token
		if more, err = d.Token(); err == nil {
			err = fmt.Errorf("%v after the end of the manifest", more)
		} else if err == io.EOF {
			return nil
		}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// decodeReplica decodes a replica. Its shards are put into the room that r.Shards has.
func decodeReplica(d *json.Decoder, r *Replica) error {
	room := r.Shards
	if room == nil {
		room = []Shard{}
	}
	r.Shards = nil
	return decodeObject(d, r, "shards", func() error {
		r.Shards = nil
		return decodeList(d, func() error {
			var s Shard
			err := d.Decode(&s)
			r.Shards = append(r.Shards, s)
			return err
		}, func() { r.Shards = room })
	})
}

// decodeObject decodes an object into v, but for the value of one key, which part decodes.
func decodeObject(d *json.Decoder, v any, key string, part func() error) error {
	token, err := d.Token()
	if token == nil || err != nil { // null leaves v as it is
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("%v, where an object was expected", token)
	}
	rest := []byte{'{'}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if name == key {
			if err := part(); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return err
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		rest = append(append(append(rest, quoted...), ':'), bytes.TrimSpace(value)...)
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	return json.Unmarshal(append(rest, '}'), v)
}

// decodeList calls one for each element of a list, and empty if there is none, but not for null.
func decodeList(d *json.Decoder, one func() error, empty func()) error {
	token, err := d.Token()
	if token == nil || err != nil {
		return err
	}
	if token != json.Delim('[') {
		return errors.New("something else than a list, where one was expected")
	}
	empty()
	for d.More() {
		if err := one(); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
