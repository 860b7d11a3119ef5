package deep

func Answer() int { return first([]int{42}) }

func first[T any](all []T) T { return all[0] }
