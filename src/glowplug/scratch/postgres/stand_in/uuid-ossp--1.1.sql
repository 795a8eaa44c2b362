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

-- Version 1 with a random multicast node and clock sequence, so that two calls in one microsecond differ.
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000;
  random bytea := uuid_send(gen_random_uuid());
  bytes bytea := uuid_send(gen_random_uuid());
BEGIN
  FOR i IN 0..3 LOOP
    bytes := set_byte(bytes, i, ((ticks >> (24 - 8 * i)) & 255)::integer);
  END LOOP;
  bytes := set_byte(bytes, 4, ((ticks >> 40) & 255)::integer);
  bytes := set_byte(bytes, 5, ((ticks >> 32) & 255)::integer);
  bytes := set_byte(bytes, 6, (((ticks >> 56) & 15) | 16)::integer);
  bytes := set_byte(bytes, 7, ((ticks >> 48) & 255)::integer);
  bytes := set_byte(bytes, 8, (get_byte(random, 0) & 63) | 128);
  bytes := set_byte(bytes, 9, get_byte(random, 1));
  FOR i IN 10..15 LOOP
    bytes := set_byte(bytes, i, get_byte(random, i));
  END LOOP;
  bytes := set_byte(bytes, 10, get_byte(bytes, 10) | 1);
  RETURN encode(bytes, 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000;
  random bytea := uuid_send(gen_random_uuid());
  bytes bytea := uuid_send(gen_random_uuid());
BEGIN
  FOR i IN 0..3 LOOP
    bytes := set_byte(bytes, i, ((ticks >> (24 - 8 * i)) & 255)::integer);
  END LOOP;
  bytes := set_byte(bytes, 4, ((ticks >> 40) & 255)::integer);
  bytes := set_byte(bytes, 5, ((ticks >> 32) & 255)::integer);
  bytes := set_byte(bytes, 6, (((ticks >> 56) & 15) | 16)::integer);
  bytes := set_byte(bytes, 7, ((ticks >> 48) & 255)::integer);
  bytes := set_byte(bytes, 8, (get_byte(random, 0) & 63) | 128);
  bytes := set_byte(bytes, 9, get_byte(random, 1));
  RETURN encode(bytes, 'hex')::uuid;
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

-- Version 5 needs SHA-1, which the server does not offer.
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  mask constant bigint := 4294967295;
  message bytea := uuid_send(namespace) || convert_to(name, getdatabaseencoding());
  bits bigint := 8 * length(message)::bigint;
  h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
  w bigint[];
  a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
  bytes bytea;
BEGIN
  message := message || '\x80'::bytea;
  WHILE length(message) % 64 <> 56 LOOP
    message := message || '\x00'::bytea;
  END LOOP;
  message := message || int8send(bits);
  FOR chunk IN 0..length(message) / 64 - 1 LOOP
    w := '{}';
    FOR i IN 0..15 LOOP
      w := w || (get_byte(message, chunk * 64 + i * 4)::bigint << 24
        | get_byte(message, chunk * 64 + i * 4 + 1)::bigint << 16
        | get_byte(message, chunk * 64 + i * 4 + 2)::bigint << 8
        | get_byte(message, chunk * 64 + i * 4 + 3)::bigint);
    END LOOP;
    FOR i IN 16..79 LOOP
      t := w[i - 2] # w[i - 7] # w[i - 13] # w[i - 15];
      w := w || (((t << 1) | (t >> 31)) & mask);
    END LOOP;
    a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
    FOR i IN 0..79 LOOP
      IF i < 20 THEN
        f := (b & c) | ((b # mask) & d); k := 1518500249;
      ELSIF i < 40 THEN
        f := b # c # d; k := 1859775393;
      ELSIF i < 60 THEN
        f := (b & c) | (b & d) | (c & d); k := 2400959708;
      ELSE
        f := b # c # d; k := 3395469782;
      END IF;
      t := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[i + 1]) & mask;
      e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := t;
    END LOOP;
    h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
  END LOOP;
  bytes := int8send((h[1] << 32) | h[2]) || int8send((h[3] << 32) | h[4]);
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 80);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  RETURN encode(bytes, 'hex')::uuid;
END $$;
