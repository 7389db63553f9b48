// GG18 ECDSA over secp256k1 by tss-lib: generates a key and signs with it, all parties in this process, and prints the
// CPU milliseconds that all of them took together. Safe primes are made beforehand, kept in a file and not counted.
package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/bnb-chain/tss-lib/v2/common"
	"github.com/bnb-chain/tss-lib/v2/ecdsa/keygen"
	"github.com/bnb-chain/tss-lib/v2/ecdsa/signing"
	"github.com/bnb-chain/tss-lib/v2/tss"
)

var (
	threshold = flag.Int("threshold", 2, "parties that sign together")
	parties   = flag.Int("parties", 3, "parties that hold the key")
	signs     = flag.Int("signatures", 5, "signatures measured; the median is printed")
	primes    = flag.String("primes", "primes.json", "file of safe primes; what it lacks is made and added")
)

type figures struct {
	Keygen float64 `json:"keygen"`
	Sign   float64 `json:"sign"`
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	prepared, err := loadPrimes(*parties)
	if err != nil {
		return err
	}
	ids := tss.GenerateTestPartyIDs(*parties)
	began := cpu()
	keys, err := generate(ids, prepared)
	if err != nil {
		return err
	}
	generated := cpu() - began
	var took []float64
	for range *signs {
		began = cpu()
		if err := sign(ids[:*threshold], keys); err != nil {
			return err
		}
		took = append(took, cpu()-began)
	}
	slices.Sort(took)
	return json.NewEncoder(os.Stdout).Encode(figures{Keygen: generated, Sign: took[len(took)/2]})
}

// cpu returns the milliseconds that this process has computed for.
func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / float64(time.Millisecond)
}

func loadPrimes(count int) ([]keygen.LocalPreParams, error) {
	var known []keygen.LocalPreParams
	text, err := os.ReadFile(*primes)
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for len(known) < count {
		made, err := keygen.GeneratePreParams(30 * time.Minute)
		if err != nil {
			return nil, err
		}
		known = append(known, *made)
		text, err := json.Marshal(known)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(*primes, text, 0o600); err != nil {
			return nil, err
		}
	}
	return known[:count], nil
}

func generate(ids tss.SortedPartyIDs, prepared []keygen.LocalPreParams) ([]*keygen.LocalPartySaveData, error) {
	out := make(chan tss.Message, 4096)
	end := make(chan *keygen.LocalPartySaveData, len(ids))
	all := make([]tss.Party, len(ids))
	for i, id := range ids {
		params := tss.NewParameters(tss.S256(), tss.NewPeerContext(ids), id, len(ids), *threshold-1)
		all[i] = keygen.NewLocalParty(params, out, end, prepared[i])
	}
	saved, err := finish(all, out, end)
	if err != nil {
		return nil, err
	}
	byIndex := make([]*keygen.LocalPartySaveData, len(ids))
	for _, one := range saved {
		index, err := one.OriginalIndex()
		if err != nil {
			return nil, err
		}
		byIndex[index] = one
	}
	return byIndex, nil
}

func sign(ids tss.SortedPartyIDs, keys []*keygen.LocalPartySaveData) error {
	hash := sha256.Sum256([]byte(time.Now().String()))
	out := make(chan tss.Message, 4096)
	end := make(chan *common.SignatureData, len(ids))
	all := make([]tss.Party, len(ids))
	for i, id := range ids {
		params := tss.NewParameters(tss.S256(), tss.NewPeerContext(ids), id, len(ids), *threshold-1)
		all[i] = signing.NewLocalParty(new(big.Int).SetBytes(hash[:]), params, *keys[i], out, end)
	}
	made, err := finish(all, out, end)
	if err != nil {
		return err
	}
	key := ecdsa.PublicKey{Curve: tss.S256(), X: keys[0].ECDSAPub.X(), Y: keys[0].ECDSAPub.Y()}
	r, s := new(big.Int).SetBytes(made[0].R), new(big.Int).SetBytes(made[0].S)
	if !ecdsa.Verify(&key, hash[:], r, s) {
		return errors.New("the signature does not verify")
	}
	return nil
}

// finish carries messages until every party has come to its end.
func finish[T any](all []tss.Party, out <-chan tss.Message, end <-chan T) ([]T, error) {
	failed := make(chan error, 4096)
	for _, party := range all {
		go func() {
			if err := party.Start(); err != nil {
				failed <- err
			}
		}()
	}
	var ended []T
	for len(ended) < len(all) {
		select {
		case err := <-failed:
			return nil, err
		case one := <-end:
			ended = append(ended, one)
		case message := <-out:
			if err := carry(all, message, failed); err != nil {
				return nil, err
			}
		}
	}
	return ended, nil
}

func carry(all []tss.Party, message tss.Message, failed chan<- error) error {
	wire, _, err := message.WireBytes()
	if err != nil {
		return err
	}
	for _, party := range all {
		if party.PartyID().Index == message.GetFrom().Index || !addressed(message, party) {
			continue
		}
		go func() {
			if _, err := party.UpdateFromBytes(wire, message.GetFrom(), message.IsBroadcast()); err != nil {
				failed <- err
			}
		}()
	}
	return nil
}

func addressed(message tss.Message, party tss.Party) bool {
	to := message.GetTo()
	return to == nil || slices.ContainsFunc(to, func(id *tss.PartyID) bool { return id.Index == party.PartyID().Index })
}
