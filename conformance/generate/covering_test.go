package generate

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// covers returns the first pair of values that no row has.
func missingPair(rows [][]int, sizes []int) (i, a, j, b int, missing bool) {
	for j := range sizes {
		for i := range j {
			for a := range sizes[i] {
				for b := range sizes[j] {
					met := false
					for _, row := range rows {
						met = met || row[i] == a && row[j] == b
					}
					if !met {
						return i, a, j, b, true
					}
				}
			}
		}
	}
	return 0, 0, 0, 0, false
}

func TestEveryPairStandsInSomeRow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 7), 2, 8).Draw(rt, "sizes")
		rows := covering(sizes, all)
		i, a, j, b, missing := missingPair(rows, sizes)
		require.False(rt, missing, "column %d with %d and column %d with %d are in no row of %v", i, a, j, b, rows)
		require.Equal(rt, rows, covering(sizes, all))
	})
}

func TestAMissingPairIsFound(t *testing.T) {
	rows := covering([]int{3, 3, 3}, all)
	_, _, _, _, missing := missingPair(rows[1:], []int{3, 3, 3})
	require.True(t, missing)
}

func TestEachOfTheFirstColumnMeetsEveryValue(t *testing.T) {
	sizes := []int{2, 5, 3}
	met := map[[3]int]bool{}
	for _, row := range crossed(4, sizes) {
		for i, v := range row[1:] {
			met[[3]int{row[0], i, v}] = true
		}
	}
	require.Len(t, met, 4*(2+5+3))
}

func TestASparedColumnKeepsEveryPair(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(2, 6), 2, 7).Draw(rt, "sizes")
		column := rapid.IntRange(0, len(sizes)-1).Draw(rt, "column")
		rows, dear := covering(sizes, all), 0
		for _, row := range rows {
			dear += row[column]
		}
		spare(rows, column, all)
		i, a, j, b, missing := missingPair(rows, sizes)
		require.False(rt, missing, "column %d with %d and column %d with %d are in no row of %v", i, a, j, b, rows)
		for _, row := range rows {
			dear -= row[column]
		}
		require.GreaterOrEqual(rt, dear, 0)
	})
	rows := [][]int{{1, 0}, {1, 1}, {1, 0}}
	spare(rows, 0, all)
	require.Equal(t, [][]int{{0, 0}, {1, 1}, {1, 0}}, rows)
}

func all(int, int) bool { return true }

func TestColumnsThatNeedNotMeetAddNoRows(t *testing.T) {
	require.Len(t, covering([]int{4, 5}, func(int, int) bool { return false }), 0)
	require.Less(t, len(covering([]int{4, 4, 4}, func(i, j int) bool { return j < 2 })), 17)
}
