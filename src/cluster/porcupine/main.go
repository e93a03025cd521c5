// Checks a recorded history of one room for linearizability: publishing and reading are as if one after the other, each at
// a moment between its call and its return.
//
// Usage: go run . history.json
// Ends with 0 if the history is linearizable, with 1 if it is not, with 2 if it cannot be read.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// An operation as recorded; times in nanoseconds of one clock.
type operation struct {
	Client int
	Call   int64
	Return int64  // 0 if nobody knows whether the message was stored
	Text   string // of a message that is published, empty if the operation reads
	Count  int    // of the messages read from the first one on
	Digest string // SHA-256 of their texts, each followed by a line feed
}

type history struct {
	Order      []string // the texts of all messages in the end
	Operations []operation
}

// The state is the number of messages that are stored.
func model(order []string) porcupine.Model {
	rank := make(map[string]int, len(order))
	digests := make([]string, 0, len(order)+1)
	sum := sha256.New()
	for i, text := range order {
		digests = append(digests, hex.EncodeToString(sum.Sum(nil)))
		rank[text] = i
		sum.Write([]byte(text + "\n"))
	}
	digests = append(digests, hex.EncodeToString(sum.Sum(nil)))
	return porcupine.Model{
		Init: func() interface{} { return 0 },
		Step: func(state, input, output interface{}) (bool, interface{}) {
			stored, op := state.(int), input.(operation)
			if op.Text != "" {
				at, found := rank[op.Text]
				return found && at == stored, stored + 1
			}
			return op.Count == stored && op.Digest == digests[stored], stored
		},
		Equal: func(a, b interface{}) bool { return a == b },
	}
}

func check(file string) (porcupine.CheckResult, int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return porcupine.Unknown, 0, err
	}
	var recorded history
	if err := json.Unmarshal(content, &recorded); err != nil {
		return porcupine.Unknown, 0, err
	}
	stored := make(map[string]bool, len(recorded.Order))
	for _, text := range recorded.Order {
		stored[text] = true
	}
	var operations []porcupine.Operation
	for _, op := range recorded.Operations {
		end := op.Return
		if end == 0 {
			if !stored[op.Text] {
				continue // it never happened
			}
			end = math.MaxInt64
		}
		operations = append(operations, porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: end})
	}
	return porcupine.CheckOperationsTimeout(model(recorded.Order), operations, 2*time.Minute), len(operations), nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: go run . history.json")
		os.Exit(2)
	}
	result, count, err := check(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("%d operations: %s\n", count, result)
	if result != porcupine.Ok {
		os.Exit(1)
	}
}
