// A single-node transparency log on Tessera's POSIX storage, loaded by goroutines that each append an entry and wait
// until it has a durable index. Prints one JSON object.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

var (
	directory  = flag.String("directory", "", "where the log is stored")
	submitters = flag.Int("submitters", 64, "goroutines that append")
	size       = flag.Int("bytes", 1024, "bytes of an entry")
	seconds    = flag.Float64("seconds", 5, "how long is measured")
	batch      = flag.Uint("batch", 64, "entries in a batch at most")
	age        = flag.Duration("age", 5*time.Millisecond, "how long a batch waits for more at most")
)

type figures struct {
	Rate float64 `json:"rate"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
}

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	secret, _, err := note.GenerateKey(rand.Reader, "bench")
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: *directory})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(*batch, *age).
		WithCheckpointInterval(100 * time.Millisecond)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	if _, err := load(ctx, appender, time.Second); err != nil {
		return err
	}
	began := time.Now()
	latencies, err := load(ctx, appender, time.Duration(*seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	if err := shutdown(ctx); err != nil {
		return err
	}
	slices.Sort(latencies)
	at := func(p float64) float64 {
		return float64(latencies[int(p*float64(len(latencies)-1))].Microseconds()) / 1000
	}
	return json.NewEncoder(os.Stdout).Encode(figures{
		Rate: float64(len(latencies)) / elapsed.Seconds(),
		P50:  at(0.5),
		P99:  at(0.99),
	})
}

// load appends from every goroutine until the time is up, and returns how long each entry took.
func load(ctx context.Context, appender *tessera.Appender, lasts time.Duration) ([]time.Duration, error) {
	var (
		group  sync.WaitGroup
		lock   sync.Mutex
		all    []time.Duration
		failed error
	)
	until := time.Now().Add(lasts)
	for range *submitters {
		group.Go(func() {
			own, err := appendUntil(ctx, appender, until)
			lock.Lock()
			defer lock.Unlock()
			all = append(all, own...)
			if err != nil {
				failed = err
			}
		})
	}
	group.Wait()
	return all, failed
}

func appendUntil(ctx context.Context, appender *tessera.Appender, until time.Time) ([]time.Duration, error) {
	var latencies []time.Duration
	for time.Now().Before(until) {
		entry := make([]byte, *size)
		if _, err := rand.Read(entry); err != nil {
			return latencies, err
		}
		sent := time.Now()
		if _, err := appender.Add(ctx, tessera.NewEntry(entry))(); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}
