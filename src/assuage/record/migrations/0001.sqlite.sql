-- One table of events, only ever added to, and one of secrets, which can be destroyed.
CREATE TABLE event (
  position INTEGER PRIMARY KEY CHECK (position > 0),
  stream   TEXT    NOT NULL CHECK (length(stream) > 0),
  version  INTEGER NOT NULL CHECK (version > 0),
  body     BLOB    NOT NULL CHECK (length(body) > 0),
  hash     BLOB    NOT NULL CHECK (length(hash) = 32),
  UNIQUE (stream, version)
) STRICT;

CREATE TABLE secret (
  kind  TEXT NOT NULL,
  owner TEXT NOT NULL,
  body  BLOB NOT NULL,
  PRIMARY KEY (kind, owner)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;

CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'an event is never removed'); END;

-- INSERT OR REPLACE removes a row without asking the trigger above, so order is held here too.
CREATE TRIGGER event_is_next_in_order BEFORE INSERT ON event
WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM event)
  OR NEW.version <> (SELECT coalesce(max(version), 0) + 1 FROM event WHERE stream = NEW.stream)
BEGIN SELECT RAISE(ABORT, 'an event is added at the end'); END;
