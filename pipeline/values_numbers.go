package pipeline

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
)

func int64Var(p *int64) Value {
	return &value[int64]{p: p, typ: "int", print: func(n int64) string { return strconv.FormatInt(n, 10) },
		parse: func(s string) (int64, error) { return parseInt(s, 64) }}
}

func intVar(p *int) Value {
	return &value[int]{p: p, typ: "int", print: strconv.Itoa, parse: func(s string) (int, error) {
		n, err := parseInt(s, 32)
		return int(n), err
	}}
}

func parseInt(s string, bits int) (int64, error) {
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	if n < 0 {
		return 0, fmt.Errorf("%s is negative", s)
	}
	return n, nil
}

func uint64Var(p *uint64) Value {
	return &value[uint64]{p: p, typ: "int", print: func(n uint64) string { return strconv.FormatUint(n, 10) },
		parse: func(s string) (uint64, error) {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%q is not a whole number from 0 to 2⁶⁴−1", s)
			}
			return n, nil
		}}
}

func floatVar(p *float64) Value {
	return &value[float64]{p: p, typ: "float", print: formatFloat, parse: parseFloat}
}

func parseFloat(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return x, nil
}

// orWord lets a number also be a word, which stands for a value that the number itself cannot have.
func orWord[T comparable](v Value, word string, stands T) Value {
	number := v.(*value[T])
	return &value[T]{p: number.p, typ: number.typ + " or " + word,
		print: func(x T) string {
			if x == stands {
				return word
			}
			return number.print(x)
		},
		parse: func(s string) (T, error) {
			if s == word {
				return stands, nil
			}
			x, err := number.parse(s)
			if err != nil {
				return x, fmt.Errorf("%w; write a number, or %s", err, word)
			}
			if x == stands {
				return x, fmt.Errorf("%s is negative; write a number, or %s", s, word)
			}
			return x, nil
		}}
}

// geometryVar is the choice of a geometry.
func geometryVar(p *string) Value {
	parse := func(s string) (string, error) {
		if new(crop.Geometry).Parse(s) {
			return s, nil
		}
		if s == crop.Pad || strings.HasPrefix(s, crop.Pad+":") {
			return "", fmt.Errorf("%q: write pad:N, pad:N:zero or pad:N:reflect, N being pixels, as in pad:4", s)
		}
		return "", errors.New(Unknown("geometry", s, []string{crop.RRC, crop.Center, crop.Squash, "pad:N"}))
	}
	return &value[string]{p: p, typ: "rrc|center|squash|pad:N[:reflect]", parse: parse, print: func(s string) string { return s }}
}

// formatFloat is the shortest form that reads back, always with a point.
func formatFloat(x float64) string {
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func shareVar(p *float64) Value {
	return &value[float64]{p: p, typ: "share", print: func(x float64) string {
		return strconv.FormatFloat(x*100, 'g', 12, 64) + "%" // 0.07·100 is above 7
	}, parse: func(s string) (float64, error) {
		t, isPercent := strings.CutSuffix(s, "%")
		x, err := parseFloat(t)
		if err != nil {
			return 0, fmt.Errorf("%q is not a share: use 1%% or 0.01", s)
		}
		switch {
		case isPercent:
			x /= 100
		case t == "1":
			return 0, errors.New("1 can mean 1% or everything: write 1% or 100%")
		}
		if x < 0 || x > 1 {
			return 0, fmt.Errorf("%s is outside 0%% to 100%%", s)
		}
		return x, nil
	}}
}

func pairVar(p *[2]float64) Value {
	return &value[[2]float64]{p: p, typ: "low,high", print: func(x [2]float64) string { return formatFloat(x[0]) + "," + formatFloat(x[1]) },
		parse: func(s string) ([2]float64, error) {
			a, b, ok := mix.CutRange(s)
			lo, err1 := parseFloat(strings.TrimSpace(a))
			hi, err2 := parseFloat(strings.TrimSpace(b))
			if !ok || err1 != nil || err2 != nil {
				return [2]float64{}, fmt.Errorf("%q is not two numbers: use low,high or low-high", s)
			}
			return [2]float64{lo, hi}, nil
		}}
}

func sizeVar(p *premix.Size) Value {
	return &value[premix.Size]{p: p, typ: "size", print: premix.Size.String, parse: func(s string) (premix.Size, error) {
		a, b, two := strings.Cut(s, "x")
		if !two {
			b = a
		}
		h, err1 := strconv.Atoi(a)
		w, err2 := strconv.Atoi(b)
		if err1 != nil || err2 != nil || h < 1 || w < 1 {
			return premix.Size{}, fmt.Errorf("%q is not a size: use 224, or HxW such as 192x256", s)
		}
		return premix.Size{H: h, W: w}, nil
	}}
}

func boolVar(p *bool) Value {
	return &value[bool]{p: p, typ: "bool", print: strconv.FormatBool, parse: func(s string) (bool, error) {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return false, fmt.Errorf("%q is neither true nor false", s)
		}
		return b, nil
	}}
}

var byteUnits = []struct {
	suffix string
	n      int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40}, {"B", 1}, {"", 1}}

func scaled(p *int64, what, example, printUnit string) Value {
	return &value[int64]{p: p, typ: what, print: func(n int64) string {
		for i := 3; i >= 0; i-- {
			if u := byteUnits[i]; n >= u.n && n%u.n == 0 {
				return strconv.FormatInt(n/u.n, 10) + strings.TrimSuffix(u.suffix, printUnit)
			}
		}
		return strconv.FormatInt(n, 10)
	}, parse: func(s string) (int64, error) {
		for _, u := range byteUnits {
			digits, ok := strings.CutSuffix(s, u.suffix)
			if !ok {
				continue
			}
			x, err := parseFloat(digits)
			if err != nil || x < 0 || x*float64(u.n) > math.MaxInt64/2 {
				break
			}
			return int64(x * float64(u.n)), nil
		}
		return 0, fmt.Errorf("%q is not a number of %s: use a form such as %s", s, what, example)
	}}
}

func bytesVar(p *int64) Value  { return scaled(p, "bytes", "128MiB", "") }
func pixelsVar(p *int64) Value { return scaled(p, "pixels", "128M", "iB") }
