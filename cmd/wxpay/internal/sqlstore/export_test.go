package sqlstore

import "fmt"

// Fill makes the store behave as on a disk that has no more room.
func (s *Store) Fill() error {
	var pages int
	if err := s.writer.row("PRAGMA page_count", nil, &pages); err != nil {
		return err
	}
	_, err := s.writer.exec(fmt.Sprintf("PRAGMA max_page_count=%d", pages))
	return err
}

// Empty gives the room back.
func (s *Store) Empty() error {
	_, err := s.writer.exec("PRAGMA max_page_count=1000000")
	return err
}
