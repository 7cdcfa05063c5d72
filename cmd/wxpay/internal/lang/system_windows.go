package lang

import "golang.org/x/sys/windows"

// SystemLocale is the language that the user has chosen for Windows, where nobody sets LANG.
func SystemLocale() string {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}
