package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// shardFingerprint identifies what a shard is made from: the recipe of its output, the input,
// and the images of it that are good.
func shardFingerprint(o *Output, g *Global) string {
	h := sha256.Sum256([]byte(o.Fingerprint + " " + g.InputsDigest + " " + g.GoodDigest + " " + fmt.Sprint(g.N, g.Shards) + " " + classesHash(g.Classes) + g.OwnList))
	return hex.EncodeToString(h[:])
}

func classesHash(classes []string) string {
	h := sha256.New()
	for _, c := range classes {
		io.WriteString(h, c)
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil))
}
