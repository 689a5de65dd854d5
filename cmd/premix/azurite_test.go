package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/launch"
)

// azure returns the address of an empty container in Azurite, the emulator of Azure's store, which
// scripts/azurite.sh starts.
func azure(t *testing.T) string {
	t.Helper()
	addr := os.Getenv("PREMIX_AZURITE")
	if addr == "" {
		t.Skip("needs Azurite, the emulator of Azure: scripts/azurite.sh go test ./cmd/premix -run Azurite")
	}
	// The account that every Azurite has.
	const account, key = "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
	t.Setenv("AZURE_STORAGE_ACCOUNT", account)
	t.Setenv("AZURE_STORAGE_KEY", key)
	cred, err := azblob.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	name := "premix-" + launch.NewRunID()
	c, err := container.NewClientWithSharedKeyCredential("http://"+addr+"/"+account+"/"+name, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Delete(context.Background(), nil) })
	return "azblob://" + name + "?domain=" + addr + "&protocol=http&localemu=true"
}

// TestAzurite runs the job with input, cache, spool and output in Azure's store, and mixed with the
// others, and wants the bytes of the local run.
func TestAzurite(t *testing.T) {
	a, g, s := azure(t), gcs(t), s3(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	premix(t, "synth", "--out", in, "--images", "60", "--format", "webdataset")
	flags := []string{"--size", "64", "--shards", "4"}
	premix(t, append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "c")}, flags...)...)
	copyTree(t, in, blob.Join(a, "in"))
	copyTree(t, in, blob.Join(s, "in"))
	for _, c := range []struct{ name, in, cache, out, spool string }{
		{"azblob", a, a, blob.Join(a, "first"), "off"},
		{"with a spool of pixels", a, a, blob.Join(a, "second"), "pixels"},
		{"with a spool of bytes", a, g, blob.Join(a, "third"), "bytes"},
		{"s3 to azblob", s, g, blob.Join(a, "fourth"), "auto"},
		{"azblob to gs", a, s, blob.Join(g, "fifth"), "bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := blob.Join(c.out, "out")
			premix(t, append([]string{"mix", "--in", blob.Join(c.in, "in"), "--out", to, "--cache", blob.Join(c.cache, "cache"), "--spool", c.spool}, flags...)...)
			sameTree(t, out, to)
		})
	}
}
