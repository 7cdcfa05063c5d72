package main

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"os"
	"runtime/debug"
)

// command is the one command that is packed.
const command = "github.com/wxpay-go/wxpay/cmd/wxpay"

// binary is one that the go command has built, and what it says of itself.
type binary struct {
	content  []byte
	os, arch string // as Go names them
	info     *debug.BuildInfo
}

func readBinary(name string) (*binary, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	b := &binary{content: content, info: info}
	b.os, b.arch = b.setting("GOOS"), b.setting("GOARCH")
	return b, nil
}

func (b *binary) setting(key string) string {
	for _, s := range b.info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func (b *binary) platform() string { return b.os + "/" + b.arch }

// file is the command's name on its platform.
func (b *binary) file() string {
	if b.os == "windows" {
		return "wxpay.exe"
	}
	return "wxpay"
}

// check says why a binary is not one to hand out as a version.
func (b *binary) check(version string) error {
	switch main := b.info.Main; {
	case b.info.Path != command || main.Path != command:
		return fmt.Errorf("it is %s, and not %s", b.info.Path, command)
	case main.Version != version:
		return fmt.Errorf("it says that it is %s, and not %s", main.Version, version)
	case main.Sum == "":
		return fmt.Errorf("it was not built from a module proxy, so it is not what go install gives")
	}
	for _, want := range []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "CGO_ENABLED", Value: "0"}} {
		if got := b.setting(want.Key); got != want.Value {
			return fmt.Errorf("it was built with %s=%s, and has to be with %s", want.Key, got, want.Value)
		}
	}
	for _, m := range b.info.Deps {
		if m.Replace != nil {
			return fmt.Errorf("%s in it is replaced by %s", m.Path, m.Replace.Path)
		}
	}
	if b.os != "linux" {
		return nil
	}
	file, err := elf.NewFile(bytes.NewReader(b.content))
	if err != nil {
		return err
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			return fmt.Errorf("it is not static: it needs a loader, which an empty image has not")
		}
	}
	return nil
}
