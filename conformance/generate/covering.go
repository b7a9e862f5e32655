package generate

// covering returns the rows of a covering array of strength two: of any two columns, every
// pair of values stands in some row. sizes are the numbers of values of the columns; a value
// is a number below its column's size. It is greedy, one row at a time: the row begins with a
// pair that no row has yet, and each further column takes the value that adds most pairs. The
// same sizes give the same rows. Of two columns that need not meet, no pair is looked for.
func covering(sizes []int, meet func(i, j int) bool) (rows [][]int) {
	type pair struct{ i, a, j, b int } // i < j
	open := map[pair]bool{}
	var order []pair
	for j := range sizes {
		for i := range j {
			if !meet(i, j) {
				continue
			}
			for a := range sizes[i] {
				for b := range sizes[j] {
					p := pair{i, a, j, b}
					open[p] = true
					order = append(order, p)
				}
			}
		}
	}
	gain := func(row []int, at, value int) (n int) {
		for i, v := range row {
			switch {
			case v < 0 || i == at:
			case i < at && open[pair{i, v, at, value}], i > at && open[pair{at, value, i, v}]:
				n++
			}
		}
		return n
	}
	for _, first := range order {
		if !open[first] {
			continue
		}
		row := make([]int, len(sizes))
		for i := range row {
			row[i] = -1
		}
		row[first.i], row[first.j] = first.a, first.b
		for i := range row {
			if row[i] >= 0 {
				continue
			}
			best, most := len(rows)%sizes[i], -1 // where none adds a pair, another one each time
			for k := range sizes[i] {
				value := (k + len(rows)) % sizes[i]
				if n := gain(row, i, value); n > most {
					best, most = value, n
				}
			}
			row[i] = best
		}
		for j := range row {
			for i := range j {
				delete(open, pair{i, row[i], j, row[j]})
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// spare gives a column the value 0 in each row whose pairs with its value all stand in other
// rows too: a form of it is dear where requests go before those that have it.
func spare(rows [][]int, column int, meet func(i, j int) bool) {
	elsewhere := func(at, j int) bool {
		for i, row := range rows {
			if i != at && row[column] == rows[at][column] && row[j] == rows[at][j] {
				return true
			}
		}
		return false
	}
	for at, row := range rows {
		needed := row[column] == 0
		for j := range row {
			met := meet(min(j, column), max(j, column))
			needed = needed || j != column && met && !elsewhere(at, j)
		}
		if !needed {
			row[column] = 0
		}
	}
}

// crossed returns the rows in which each of n values of a first column meets each value of the
// others at least once.
func crossed(n int, sizes []int) (rows [][]int) {
	most := 0
	for _, size := range sizes {
		most = max(most, size)
	}
	for first := range n {
		for k := range most {
			row := []int{first}
			for i, size := range sizes {
				// Shifted by column and by row, so that the others vary too.
				row = append(row, (k+first*(i+1)+i)%size)
			}
			rows = append(rows, row)
		}
	}
	return rows
}
