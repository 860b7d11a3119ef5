package main

import (
	"fmt"

	"example.org/job/deep"
)

func main() { fmt.Println(deep.Answer()) }
