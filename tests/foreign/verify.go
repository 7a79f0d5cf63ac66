// Checks an exported log with nothing of Clerkwork's: Go's own signed notes and transparency log, from
// Debian's golang-golang-x-mod-dev. It says "ok SIZE ROOT", or why not and ends with 1.
//
//	verify BUNDLE KEY [SAVED_CHECKPOINT]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

func fail(format string, args ...interface{}) {
	fmt.Printf("refused: "+format+"\n", args...)
	os.Exit(1)
}

// Opens a signed checkpoint: origin, size and root, each on a line of its own.
func open(path string, verifiers note.Verifiers) head {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	opened, err := note.Open(text, verifiers)
	if err != nil {
		fail("%s: %v", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		fail("%s: no checkpoint", path)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		fail("%s: size %q", path, lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		fail("%s: root %q", path, lines[2])
	}
	var hash tlog.Hash
	copy(hash[:], root)
	return head{lines[0], size, hash}
}

// The path of bundle n of entries in a log of this size.
func entries(n, size int64) string {
	rest, path := n/1000, fmt.Sprintf("%03d", n%1000)
	for ; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	if width := size - n*256; width < 256 {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return filepath.Join("tile", "entries", path)
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: verify BUNDLE KEY [SAVED_CHECKPOINT]")
	}
	bundle := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("key: %v", err)
	}
	verifiers := note.VerifierList(verifier)
	now := open(filepath.Join(bundle, "checkpoint"), verifiers)
	if now.origin != verifier.Name() {
		fail("the checkpoint is of %q", now.origin)
	}

	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, fmt.Errorf("hash %d is not known", index)
			}
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n := int64(0); n*256 < now.size; n++ {
		path := entries(n, now.size)
		data, err := os.ReadFile(filepath.Join(bundle, path))
		if err != nil {
			fail("%v", err)
		}
		for i := n * 256; i < now.size && i < (n+1)*256; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				fail("%s ends in the middle of entry %d", path, i)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			hashes, err := tlog.StoredHashes(i, data[2:end], reader)
			if err != nil {
				fail("%v", err)
			}
			stored = append(stored, hashes...)
			data = data[end:]
		}
		if len(data) > 0 {
			fail("%s has more entries than the checkpoint", path)
		}
	}
	root, err := tlog.TreeHash(now.size, reader)
	if err != nil {
		fail("%v", err)
	}
	if root != now.root {
		fail("the entries make another root than the checkpoint says")
	}
	if len(os.Args) > 3 {
		then := open(os.Args[3], verifiers)
		if then.size > now.size {
			fail("the log was set back: it has %d entries, and had %d", now.size, then.size)
		}
		if then.size > 0 {
			proof, err := tlog.ProveTree(now.size, then.size, reader)
			if err != nil {
				fail("%v", err)
			}
			if err := tlog.CheckTree(proof, now.size, now.root, then.size, then.root); err != nil {
				fail("the log did not grow out of the saved checkpoint: %v", err)
			}
		}
	}
	fmt.Printf("ok %d %x\n", now.size, now.root[:])
}
