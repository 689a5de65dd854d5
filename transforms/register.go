package transforms

import (
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/reflectx"
)

// The functions below register a DoFn whose ProcessElement takes three to six arguments and returns
// an error: Beam then finds it by name on workers and calls it without reflection. They do what register.DoFn3x1
// and its relatives of Beam do, and take their place because of size: Beam's compile callers for each StartBundle
// and FinishBundle that a DoFn of these types could have, 25,000 functions that are never called.

type doFn3[A, B, C any] interface{ ProcessElement(A, B, C) error }

func registerDoFn3[A, B, C any](fn doFn3[A, B, C]) {
	registerDoFn(fn, func(fn any) reflectx.Func { return caller3[A, B, C]{fn.(doFn3[A, B, C]).ProcessElement} })
}

type doFn4[A, B, C, D any] interface{ ProcessElement(A, B, C, D) error }

func registerDoFn4[A, B, C, D any](fn doFn4[A, B, C, D]) {
	registerDoFn(fn, func(fn any) reflectx.Func { return caller4[A, B, C, D]{fn.(doFn4[A, B, C, D]).ProcessElement} })
}

type doFn5[A, B, C, D, E any] interface {
	ProcessElement(A, B, C, D, E) error
}

func registerDoFn5[A, B, C, D, E any](fn doFn5[A, B, C, D, E]) {
	registerDoFn(fn, func(fn any) reflectx.Func {
		return caller5[A, B, C, D, E]{fn.(doFn5[A, B, C, D, E]).ProcessElement}
	})
}

type doFn6[A, B, C, D, E, F any] interface {
	ProcessElement(A, B, C, D, E, F) error
}

func registerDoFn6[A, B, C, D, E, F any](fn doFn6[A, B, C, D, E, F]) {
	registerDoFn(fn, func(fn any) reflectx.Func {
		return caller6[A, B, C, D, E, F]{fn.(doFn6[A, B, C, D, E, F]).ProcessElement}
	})
}

func registerDoFn(fn any, caller func(fn any) reflectx.Func) {
	t := reflect.TypeOf(fn).Elem()
	// Beam wraps the methods of an instance where it looks at it, so the wrapper comes first.
	reflectx.RegisterStructWrapper(t, func(fn any) map[string]reflectx.Func {
		return map[string]reflectx.Func{"ProcessElement": caller(fn)}
	})
	beam.RegisterDoFn(t)
}

// A caller3 calls a ProcessElement of three arguments. Beam looks for Call3x1, and for Call elsewhere.
type caller3[A, B, C any] struct{ fn func(A, B, C) error }

func (c caller3[A, B, C]) Name() string            { return reflectx.FunctionName(c.fn) }
func (c caller3[A, B, C]) Type() reflect.Type      { return reflect.TypeOf(c.fn) }
func (c caller3[A, B, C]) Call(args []any) []any   { return []any{c.Call3x1(args[0], args[1], args[2])} }
func (c caller3[A, B, C]) Call3x1(a, b, d any) any { return c.fn(a.(A), b.(B), d.(C)) }

type caller4[A, B, C, D any] struct{ fn func(A, B, C, D) error }

func (c caller4[A, B, C, D]) Name() string       { return reflectx.FunctionName(c.fn) }
func (c caller4[A, B, C, D]) Type() reflect.Type { return reflect.TypeOf(c.fn) }
func (c caller4[A, B, C, D]) Call(args []any) []any {
	return []any{c.Call4x1(args[0], args[1], args[2], args[3])}
}
func (c caller4[A, B, C, D]) Call4x1(a, b, d, e any) any {
	return c.fn(a.(A), b.(B), d.(C), e.(D))
}

type caller5[A, B, C, D, E any] struct{ fn func(A, B, C, D, E) error }

func (c caller5[A, B, C, D, E]) Name() string       { return reflectx.FunctionName(c.fn) }
func (c caller5[A, B, C, D, E]) Type() reflect.Type { return reflect.TypeOf(c.fn) }
func (c caller5[A, B, C, D, E]) Call(args []any) []any {
	return []any{c.Call5x1(args[0], args[1], args[2], args[3], args[4])}
}
func (c caller5[A, B, C, D, E]) Call5x1(a, b, d, e, f any) any {
	return c.fn(a.(A), b.(B), d.(C), e.(D), f.(E))
}

type caller6[A, B, C, D, E, F any] struct{ fn func(A, B, C, D, E, F) error }

func (c caller6[A, B, C, D, E, F]) Name() string       { return reflectx.FunctionName(c.fn) }
func (c caller6[A, B, C, D, E, F]) Type() reflect.Type { return reflect.TypeOf(c.fn) }
func (c caller6[A, B, C, D, E, F]) Call(args []any) []any {
	return []any{c.Call6x1(args[0], args[1], args[2], args[3], args[4], args[5])}
}
func (c caller6[A, B, C, D, E, F]) Call6x1(a, b, d, e, f, g any) any {
	return c.fn(a.(A), b.(B), d.(C), e.(D), f.(E), g.(F))
}
