-- One table of events, only ever added to, and one of secrets, which can be destroyed.
CREATE TABLE event (
  position BIGINT PRIMARY KEY CHECK (position > 0),
  stream   TEXT COLLATE "C" NOT NULL CHECK (length(stream) > 0),
  version  BIGINT NOT NULL CHECK (version > 0),
  body     BYTEA  NOT NULL CHECK (length(body) > 0),
  hash     BYTEA  NOT NULL CHECK (length(hash) = 32),
  UNIQUE (stream, version)
);

CREATE TABLE secret (
  kind  TEXT COLLATE "C" NOT NULL,
  owner TEXT COLLATE "C" NOT NULL,
  body  BYTEA NOT NULL,
  PRIMARY KEY (kind, owner)
);

-- The functions look at public.event whatever the session's search path says: a temporary table
-- of the same name would otherwise be asked instead.
CREATE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'an event is never changed or removed';
END $$;

CREATE FUNCTION event_is_next_in_order() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM public.event)
     OR NEW.version <>
       (SELECT coalesce(max(version), 0) + 1 FROM public.event WHERE stream = NEW.stream)
  THEN
    RAISE EXCEPTION 'an event is added at the end';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE OR DELETE ON event
  FOR EACH ROW EXECUTE FUNCTION event_is_kept();
CREATE TRIGGER event_is_never_truncated BEFORE TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION event_is_kept();
CREATE TRIGGER event_is_next_in_order BEFORE INSERT ON event
  FOR EACH ROW EXECUTE FUNCTION event_is_next_in_order();
-- Also for a session that calls itself a replica, which other triggers don't stop.
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_never_changed;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_never_truncated;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_next_in_order;
REVOKE UPDATE, DELETE, TRUNCATE ON event FROM PUBLIC;
