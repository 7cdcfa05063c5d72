//go:build !windows

package lang

// SystemLocale is "": the variables say it.
func SystemLocale() string { return "" }
