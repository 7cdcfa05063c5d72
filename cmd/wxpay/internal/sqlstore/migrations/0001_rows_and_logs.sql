-- A row's place in insertion order is its seq, the rowid, which every index
-- carries after its own columns: (kind) is kind then seq, (kind, due) is kind,
-- due, then seq.
CREATE TABLE row (
	seq  INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	id   TEXT NOT NULL,
	rev  INTEGER NOT NULL,
	due  INTEGER NOT NULL, -- unix milliseconds, 0 for never
	keys TEXT NOT NULL,    -- JSON array, as the caller gave them
	data BLOB NOT NULL,
	UNIQUE (kind, id)
);
CREATE INDEX row_by_kind ON row (kind);
CREATE INDEX row_by_due ON row (kind, due) WHERE due > 0;

CREATE TABLE row_key (
	kind TEXT NOT NULL,
	key  TEXT NOT NULL,
	seq  INTEGER NOT NULL,
	PRIMARY KEY (kind, key, seq)
) WITHOUT ROWID;

CREATE TABLE log (
	name TEXT NOT NULL,
	seq  INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (name, seq)
) WITHOUT ROWID;

-- Trimming a log must not bring its numbers back, so the last one is kept apart.
CREATE TABLE log_end (
	name TEXT PRIMARY KEY,
	seq  INTEGER NOT NULL
) WITHOUT ROWID;
