-- What pgcrypto 1.4 offers, in SQL: digests, HMAC and random values do what the library's do, slower; what would need
-- a cipher is there by name, and says when it is called that the library is missing.
-- Made by CREATE EXTENSION on a scratch server that lacks the library.

DO $$ BEGIN RAISE LOG 'glowplug stand-in: pgcrypto'; END $$;

CREATE FUNCTION digest(data bytea, type text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  message bytea := data;
  bytes bytea;
BEGIN
  CASE lower(type)
    WHEN 'md5' THEN RETURN decode(md5(data), 'hex');
    WHEN 'sha224' THEN RETURN sha224(data);
    WHEN 'sha256' THEN RETURN sha256(data);
    WHEN 'sha384' THEN RETURN sha384(data);
    WHEN 'sha512' THEN RETURN sha512(data);
    WHEN 'sha1' THEN NULL;
    ELSE RAISE 'Cannot use "%": No such hash algorithm', type USING ERRCODE = 'invalid_parameter_value';
  END CASE;
@sha1@
  RETURN bytes;
END $$;

CREATE FUNCTION hmac(data bytea, key bytea, type text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  digest text := format('SELECT %s.digest($1, $2)', (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pgcrypto'));
  size integer := CASE WHEN lower(type) IN ('sha384', 'sha512') THEN 128 ELSE 64 END;
  inside bytea := '';
  outside bytea := '';
  hash bytea;
BEGIN
  IF length(key) > size THEN
    EXECUTE digest INTO key USING key, type;
  END IF;
  key := key || decode(repeat('00', size - length(key)), 'hex');
  inside := key;
  outside := key;
  FOR i IN 0..size - 1 LOOP
    inside := set_byte(inside, i, get_byte(key, i) # 54);
    outside := set_byte(outside, i, get_byte(key, i) # 92);
  END LOOP;
  EXECUTE digest INTO hash USING inside || data, type;
  EXECUTE digest INTO hash USING outside || hash, type;
  RETURN hash;
END $$;

-- For text the library takes the bytes in the database's encoding.
CREATE FUNCTION digest(data text, type text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  hash bytea;
BEGIN
  EXECUTE format('SELECT %s.digest($1, $2)', (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pgcrypto'))
    INTO hash USING convert_to(data, getdatabaseencoding()), type;
  RETURN hash;
END $$;

CREATE FUNCTION hmac(data text, key text, type text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  hash bytea;
BEGIN
  EXECUTE format('SELECT %s.hmac($1, $2, $3)', (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pgcrypto'))
    INTO hash USING convert_to(data, getdatabaseencoding()), convert_to(key, getdatabaseencoding()), type;
  RETURN hash;
END $$;

CREATE FUNCTION gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
  AS $$ SELECT pg_catalog.gen_random_uuid() $$;

CREATE FUNCTION gen_random_bytes(integer) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE
  SET search_path = pg_catalog
AS $$
DECLARE
  bytes bytea := '';
BEGIN
  IF $1 NOT BETWEEN 1 AND 1024 THEN
    RAISE 'Length not in range' USING ERRCODE = 'external_routine_invocation_exception';
  END IF;
  WHILE length(bytes) < $1 LOOP
    bytes := bytes || sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  END LOOP;
  RETURN substring(bytes FROM 1 FOR $1);
END $$;

CREATE FUNCTION fips_mode() RETURNS boolean LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
  AS $$ SELECT false $$;

DO $make$
DECLARE
  missing text;
BEGIN
  FOREACH missing IN ARRAY ARRAY[
    'crypt(text, text) RETURNS text',
    'gen_salt(text) RETURNS text',
    'gen_salt(text, integer) RETURNS text',
    'encrypt(bytea, bytea, text) RETURNS bytea',
    'decrypt(bytea, bytea, text) RETURNS bytea',
    'encrypt_iv(bytea, bytea, bytea, text) RETURNS bytea',
    'decrypt_iv(bytea, bytea, bytea, text) RETURNS bytea',
    'pgp_sym_encrypt(text, text) RETURNS bytea',
    'pgp_sym_encrypt(text, text, text) RETURNS bytea',
    'pgp_sym_encrypt_bytea(bytea, text) RETURNS bytea',
    'pgp_sym_encrypt_bytea(bytea, text, text) RETURNS bytea',
    'pgp_sym_decrypt(bytea, text) RETURNS text',
    'pgp_sym_decrypt(bytea, text, text) RETURNS text',
    'pgp_sym_decrypt_bytea(bytea, text) RETURNS bytea',
    'pgp_sym_decrypt_bytea(bytea, text, text) RETURNS bytea',
    'pgp_pub_encrypt(text, bytea) RETURNS bytea',
    'pgp_pub_encrypt(text, bytea, text) RETURNS bytea',
    'pgp_pub_encrypt_bytea(bytea, bytea) RETURNS bytea',
    'pgp_pub_encrypt_bytea(bytea, bytea, text) RETURNS bytea',
    'pgp_pub_decrypt(bytea, bytea) RETURNS text',
    'pgp_pub_decrypt(bytea, bytea, text) RETURNS text',
    'pgp_pub_decrypt(bytea, bytea, text, text) RETURNS text',
    'pgp_pub_decrypt_bytea(bytea, bytea) RETURNS bytea',
    'pgp_pub_decrypt_bytea(bytea, bytea, text) RETURNS bytea',
    'pgp_pub_decrypt_bytea(bytea, bytea, text, text) RETURNS bytea',
    'pgp_key_id(bytea) RETURNS text',
    'armor(bytea) RETURNS text',
    'armor(bytea, text[], text[]) RETURNS text',
    'dearmor(text) RETURNS bytea',
    'pgp_armor_headers(text, OUT key text, OUT value text) RETURNS SETOF record'
  ] LOOP
    EXECUTE pg_catalog.format(
      'CREATE FUNCTION %s LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS %L',
      missing,
      pg_catalog.format(
        'BEGIN RAISE %L USING ERRCODE = ''feature_not_supported''; END',
        'extension "pgcrypto" is not available in full: ' || pg_catalog.split_part(missing, '(', 1)
          || '() is beyond glowplug''s stand-in'
      )
    );
  END LOOP;
END $make$;
