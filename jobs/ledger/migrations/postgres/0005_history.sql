-- What else there was of a taxpayer, the newest first.
DROP INDEX job_item_person;
CREATE INDEX job_item_person ON job_item (person, id);
