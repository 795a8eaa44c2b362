  -- SHA-1 of "message" into "bytes": the server itself has none.
  DECLARE
    mask constant bigint := 4294967295;
    bits bigint := 8 * length(message)::bigint;
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
  BEGIN
    message := message || '\x80'::bytea;
    WHILE length(message) % 64 <> 56 LOOP
      message := message || '\x00'::bytea;
    END LOOP;
    message := message || int8send(bits);
    FOR chunk IN 0..length(message) / 64 - 1 LOOP
      w := '{}';
      FOR i IN 0..15 LOOP
        t := 0;
        FOR j IN 0..3 LOOP
          t := (t << 8) | get_byte(message, chunk * 64 + i * 4 + j);
        END LOOP;
        w := w || t;
      END LOOP;
      FOR i IN 17..80 LOOP
        t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
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
    bytes := int8send((h[1] << 32) | h[2]) || int8send((h[3] << 32) | h[4]) || substring(int8send(h[5]) FROM 5);
  END;
