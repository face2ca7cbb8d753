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

-- Adds events in one call, so that a writer holds the writers' lock (1634956149) for as long as
-- the server needs and no client's line is waited for. The hash is that of record/chain.py.
CREATE FUNCTION add_events(
  of_stream text[], after bigint[], how_many integer[], bodies bytea[],
  OUT place bigint, OUT nth bigint, OUT link bytea
) RETURNS SETOF record LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  genesis CONSTANT bytea := decode(repeat('00', 32), 'hex');
  before bytea;
  taken integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(1634956149);
  SELECT e.position, e.hash INTO place, before
    FROM public.event e ORDER BY e.position DESC LIMIT 1;
  IF NOT FOUND THEN
    place := 0;
    before := genesis;
  END IF;
  FOR one IN 1 .. cardinality(of_stream) LOOP
    SELECT e.version, e.hash INTO nth, link
      FROM public.event e WHERE e.stream = of_stream[one] ORDER BY e.version DESC LIMIT 1;
    IF NOT FOUND THEN
      nth := 0;
      link := genesis;
    END IF;
    IF nth IS DISTINCT FROM after[one] THEN
      RAISE EXCEPTION 'a stream has moved on' USING
        ERRCODE = 'AS001', DETAIL = after[one] || ' ' || nth, HINT = of_stream[one];
    END IF;
    FOR each IN 1 .. how_many[one] LOOP
      taken := taken + 1;
      place := place + 1;
      nth := nth + 1;
      link := sha256(before || link
        || convert_to(place || E'\n' || nth || E'\n' || of_stream[one], 'UTF8')
        || '\x00'::bytea || bodies[taken]);
      before := link;
      INSERT INTO public.event VALUES (place, of_stream[one], nth, bodies[taken], link);
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
