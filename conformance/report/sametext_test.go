package report

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Texts of the same shape are taken for it, others are not, or left to compare.
func TestSameTextFindsEveryDifferenceInShape(t *testing.T) {
	const text = ` { "a" : [ 1 , "x:y" , null, {}, [ ] ], "b":true , "c":{"d":-1.5e3,"e":"{\"}"} } `
	for got, same := range map[string]bool{
		text: true,
		`{"a":[2,"","null",{},[]],"b":true,"c":{"d":0,"e":""}}`:      false, // a string for null
		`{"a":[2,"",null,{},[]],"b":false,"c":{"d":0,"e":""}}`:       true,
		`{"a":[2,"",null,{},[]],"b":null,"c":{"d":0,"e":""}}`:        false,
		`{"a":["2","",null,{},[]],"b":false,"c":{"d":0,"e":""}}`:     false,
		`{"a":[2,"",null,[],[]],"b":false,"c":{"d":0,"e":""}}`:       false,
		`{"a":[2,"",null,{}],"b":false,"c":{"d":0,"e":""}}`:          false, // an item less
		`{"a":[2,"",null,{},[],1],"b":false,"c":{"d":0,"e":""}}`:     false, // and more
		`{"a":[2,"",null,{"x":1},[]],"b":false,"c":{"d":0,"e":""}}`:  false,
		`{"a":[2,"",null,{},[]],"b":false,"c":{"d":0}}`:              false, // a member less
		`{"a":[2,"",null,{},[]],"b":false,"c":{"d":0,"e":"","f":1}}`: false,
		`{"A":[2,"",null,{},[]],"b":false,"c":{"d":0,"e":""}}`:       false,
		`{"b":false,"a":[2,"",null,{},[]],"c":{"d":0,"e":""}}`:       false, // another order, which compare permits
		`[]`: false, `1`: false, `{}`: false,
	} {
		require.Equal(t, same, sameText([]byte(got), []byte(text)), got)
		if same {
			var a, b any
			require.NoError(t, json.Unmarshal([]byte(got), &a))
			require.NoError(t, json.Unmarshal([]byte(text), &b))
			require.NoError(t, compare("", a, b))
		}
	}
}
