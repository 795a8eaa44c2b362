-- What uuid-ossp 1.1 offers, in SQL: same names, arguments, results and volatility; slower.
-- Made by CREATE EXTENSION on a scratch server that lacks the library.

DO $$ BEGIN RAISE LOG 'glowplug stand-in: uuid-ossp'; END $$;

CREATE FUNCTION uuid_nil() RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_url() RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::pg_catalog.uuid $$;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
  AS $$ SELECT pg_catalog.gen_random_uuid() $$;

-- Version 1 with a random clock sequence and multicast node: two calls in one microsecond differ, no card is named.
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000;
  bytes bytea := int8send(((ticks & 4294967295) << 32) | ((ticks >> 16) & 4294901760) | (ticks >> 48) | 4096)
    || uuid_send(gen_random_uuid());
BEGIN
  bytes := substring(bytes FROM 1 FOR 8) || substring(bytes FROM 17 FOR 8);
  RETURN encode(set_byte(bytes, 10, get_byte(bytes, 10) | 1), 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000;
  bytes bytea := int8send(((ticks & 4294967295) << 32) | ((ticks >> 16) & 4294901760) | (ticks >> 48) | 4096)
    || uuid_send(gen_random_uuid());
BEGIN
  bytes := substring(bytes FROM 1 FOR 8) || substring(bytes FROM 17 FOR 8);
  RETURN encode(set_byte(bytes, 10, get_byte(bytes, 10) | 1), 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  bytes bytea := decode(md5(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 'hex');
BEGIN
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 48);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  RETURN encode(bytes, 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  message bytea := uuid_send(namespace) || convert_to(name, getdatabaseencoding());
  bytes bytea;
BEGIN
@sha1@
  bytes := substring(bytes FROM 1 FOR 16);
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 80);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  RETURN encode(bytes, 'hex')::uuid;
END $$;
