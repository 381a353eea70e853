package config

import "math/rand"

// Seed makes the functions that draw draw the same again. The functions themselves are ClusterLoader2's own file.
func Seed(seed int64) {
	globalRand = rand.New(rand.NewSource(seed))
}
