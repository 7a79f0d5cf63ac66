INSERT INTO event_sealed (event, field, person, salt, ciphertext) {rows}
