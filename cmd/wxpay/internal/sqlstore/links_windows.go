package sqlstore

import (
	"os"
	"syscall"
)

// links is how many names a file has.
func links(file *os.File) (uint64, error) {
	var info syscall.ByHandleFileInformation
	err := syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &info)
	return uint64(info.NumberOfLinks), err
}
