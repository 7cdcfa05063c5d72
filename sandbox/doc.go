// Package sandbox is an imaginary WeChat Pay.
package sandbox
