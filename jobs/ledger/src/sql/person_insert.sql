INSERT INTO person (pseudonym, wrapped_key, created_at) {rows} ON CONFLICT (pseudonym) DO NOTHING
