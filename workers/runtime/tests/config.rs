//! Settings: what overrides what, and what each mistake is answered with.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use clerkwork_runtime::{Config, DEFAULTS, LogFormat, Sources};
use tempfile::TempDir;

/// Settings of an installation in a folder of its own.
struct Home {
    folder: TempDir,
    sources: Sources,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        let sources = Sources {
            environment: BTreeMap::from([("HOME".to_owned(), home)]),
            ..Sources::default()
        };
        Self { folder, sources }
    }

    fn file(mut self, text: &str) -> Self {
        let path = self.path();
        fs::write(&path, text).unwrap();
        self.sources.file = Some(path);
        self
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("settings.toml")
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.insert(name.into(), value.into());
        self
    }

    fn option(mut self, option: &str, key: &str, value: &str) -> Self {
        self.sources = self
            .sources
            .with_override(option, key, Some(value.to_owned()));
        self
    }

    fn load(&self) -> Config {
        Config::load(&self.sources).unwrap()
    }

    /// The sentence of the refusal, with `FILE` for the settings file.
    fn refusal(&self) -> String {
        let error = Config::load(&self.sources).unwrap_err();
        let sentence = error.to_string();
        assert!(!sentence.contains('\n'), "one sentence: {sentence}");
        sentence.replace(&self.path().display().to_string(), "FILE")
    }
}

#[test]
fn the_defaults_alone_make_a_configuration() {
    let home = Home::new();
    let config = home.load();
    assert_eq!(
        config.data_dir,
        home.folder.path().join(".local/share/clerkwork")
    );
    assert!(config.redis.url.is_none() && config.etax.base_url.is_none());
    assert_eq!(
        config.ledger_url().expose(),
        format!("sqlite:{}", config.data_dir.join("ledger.db").display())
    );
    assert_eq!(config.fleet.backoff_base, Duration::from_millis(500));
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn every_setting_of_the_default_file_is_explained() {
    let mut explained = false;
    for line in DEFAULTS.lines() {
        match line.trim() {
            "" => explained = false,
            comment if comment.starts_with('#') => explained = true,
            table if table.starts_with('[') => {}
            // Settings in a row share the comment above the first.
            setting => assert!(
                explained || setting.starts_with(['e', 's', 'b']),
                "`{setting}` has no comment"
            ),
        }
    }
}

#[test]
fn each_source_overrides_the_one_before() {
    let home = Home::new().file("[fleet]\nconcurrency = 3\nmax_attempts = 7\nmax_rescues = 9\n");
    let home = home
        .variable("CLERKWORK__FLEET__MAX_ATTEMPTS", "8")
        .variable("CLERKWORK__FLEET__MAX_RESCUES", "10")
        .variable("CLERKWORK__FLEET__DRAIN_SECONDS", "")
        .option("--max-rescues", "fleet.max_rescues", "11");
    let config = home.load();
    let fleet = &config.fleet;
    assert_eq!(
        (fleet.concurrency, fleet.max_attempts, fleet.max_rescues),
        (3, 8, 11)
    );
    assert_eq!(fleet.drain, Duration::from_secs(25), "empty is not set");
    let origin = |key: &str| {
        let mut settings = config.settings().iter();
        settings
            .find(|setting| setting.key == key)
            .unwrap()
            .origin
            .clone()
    };
    assert!(origin("fleet.concurrency").contains("settings.toml"));
    assert_eq!(origin("fleet.max_attempts"), "the environment");
    assert_eq!(origin("fleet.max_rescues"), "the command line");
    assert_eq!(origin("fleet.drain_seconds"), "default");
}

#[test]
fn the_file_of_the_data_folder_is_found() {
    let home = Home::new();
    let data = home.folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("clerkwork.toml"), "office = \"nanshan\"\n").unwrap();
    let home = home.option("--data-dir", "data_dir", data.to_str().unwrap());
    assert_eq!(home.load().office.as_str(), "nanshan");
    fs::write(data.join("clerkwork.toml"), "data_dir = \"/elsewhere\"\n").unwrap();
    assert!(home.refusal().contains("cannot name another"));
}

#[test]
fn a_named_file_must_exist() {
    let home = Home::new();
    let missing = home.folder.path().join("missing.toml");
    let home = home.variable("CLERKWORK_CONFIG", missing.to_str().unwrap());
    let sentence = home.refusal();
    assert!(
        sentence.starts_with("cannot read the settings file") && sentence.contains("missing.toml"),
        "{sentence}"
    );
}

#[test]
fn mistakes_in_a_file_name_the_file_the_key_and_the_remedy() {
    for (text, sentence) in [
        (
            "[fleet]\nconcurency = 3\n",
            "`fleet.concurency` in `FILE` is not a setting; did you mean `fleet.concurrency`?",
        ),
        (
            "concurrency = 3\n",
            "`concurrency` in `FILE` is not a setting; did you mean `fleet.concurrency`?",
        ),
        (
            "fleet = 3\n",
            "`fleet` in `FILE` is not a setting; it is a section: write `[fleet]` and its settings below",
        ),
        (
            "[weather]\nsunny = true\n",
            "`weather.sunny` in `FILE` is not a setting; `clerkwork config show` lists all of them",
        ),
        (
            "[fleet]\nconcurrency = \"many\"\n",
            "`fleet.concurrency` in `FILE`: the text `many` stands where a whole number belongs; write for example 64",
        ),
        (
            "[fleet]\nconcurrency = 1.5\n",
            "`fleet.concurrency` in `FILE`: the number 1.5 stands where a whole number belongs; write for example 64",
        ),
        (
            "[fleet]\nconcurrency = 0\n",
            "`fleet.concurrency` in `FILE`: 0 is out of range; write a number from 1 to 4096",
        ),
        (
            "office = 3\n",
            "`office` in `FILE`: the number 3 stands where a text belongs; put it between quotation marks",
        ),
        (
            "office = \"Shen Zhen\"\n",
            "`office` in `FILE`: `Shen Zhen` is not an office path; use lower-case letters, digits, `-` and `_` between single `/`, at most 120 characters",
        ),
        (
            "[console]\nbind = \"8470\"\n",
            "`console.bind` in `FILE`: `8470` is not an address to listen at; write an IP address and a port, such as \"127.0.0.1:8470\" or \"[::1]:8470\"",
        ),
        (
            "[redis]\nurl = \"http://:secret@h\"\n",
            "`redis.url` in `FILE`: `http://:…@h` is no address that serves here; it must begin with `redis://` or `rediss://` or `redis+unix://` or `unix://`",
        ),
        (
            "[fleet]\nheartbeat_seconds = 15\n",
            "`fleet.silent_after_seconds` in the defaults: must be at least twice `fleet.heartbeat_seconds` (15), or living processes lose their work",
        ),
        (
            "[desk]\noffice_hours = \"9-18\"\n",
            "`desk.office_hours` in `FILE`: `9-18` is not a span of office hours; write for example \"09:00-12:00\", up to \"24:00\"",
        ),
        (
            "[desk]\noffice_hours = \"\"\n",
            "`desk.office_hours` in `FILE`: no office hours; write for example \"09:00-12:00 13:30-18:00\"",
        ),
        (
            "[desk]\nremind_permille = 1000\n",
            "`desk.remind_permille` in `FILE`: ",
        ),
        (
            "[etax]\ntoken = \"secret\"\n",
            "`etax.token` in `FILE`: a secret does not belong into a settings file; write it into a file of its own that only its owner can read, and name that in `etax.token_file`",
        ),
        (
            "[connectors]\nbuilt_in = \"erp https://erp.example\"\n",
            "`connectors.built_in` in `FILE`: holds a word without `=`; write for example ",
        ),
        (
            "[connectors]\nbuilt_in = \"erp=http://a erp=http://b\"\n",
            "`connectors.built_in` in `FILE`: names `erp` twice; leave one of them out",
        ),
        (
            "[connectors]\nbuilt_in = \"erp=ftp://erp.example\"\n",
            "`connectors.built_in` in `FILE`: `ftp://erp.example` is no address that serves here; ",
        ),
        (
            "[connectors]\nbuilt_in = \"erp=http://erp.example\"\n",
            "`connectors.built_in` in `FILE`: sends the token and the data of `erp` in clear ",
        ),
        (
            "[connectors]\nbuilt_in = \"erp=https://erp.example\"\ntoken_folder = \"none\"\n",
            "`connectors.token_folder` in `FILE`: cannot read ",
        ),
        ("[fleet\n", "`FILE`, line 1: "),
    ] {
        let refusal = Home::new().file(text).refusal();
        assert!(refusal.starts_with(sentence), "{text}: {refusal}");
    }
}

#[test]
fn mistakes_in_enumerations_name_the_values() {
    for (text, key, value) in [
        ("locale = \"fr\"\n", "locale", "zh-CN"),
        ("[log]\nformat = \"xml\"\n", "log.format", "json"),
    ] {
        let refusal = Home::new().file(text).refusal();
        assert!(
            refusal.starts_with(&format!("`{key}` in `FILE`: ")),
            "{refusal}"
        );
        assert!(refusal.contains(value), "{refusal}");
    }
}

#[test]
fn mistakes_elsewhere_are_spelled_as_they_stand_there() {
    let home = Home::new().variable("CLERKWORK__FLEET__CONCURENCY", "3");
    assert_eq!(
        home.refusal(),
        "`CLERKWORK__FLEET__CONCURENCY` in the environment is not a setting; did you mean `CLERKWORK__FLEET__CONCURRENCY`?"
    );
    let home = Home::new().variable("CLERKWORK__FLEET__CONCURRENCY", "many");
    assert_eq!(
        home.refusal(),
        "`CLERKWORK__FLEET__CONCURRENCY` in the environment: the text `many` stands where a whole number belongs; write for example 64"
    );
    let home = Home::new().option("--ledger-url", "ledger.url", "mysql://x");
    assert!(
        home.refusal()
            .starts_with("`--ledger-url` in the command line: ")
    );
}

#[test]
fn the_token_comes_from_the_environment_or_a_closed_file_and_is_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new().variable("CLERKWORK__ETAX__TOKEN", "0123");
    let config = home.load();
    assert_eq!(config.etax.token.as_ref().unwrap().expose(), "0123");
    assert!(!format!("{config:?}").contains("0123"));
    assert!(!config.settings().to_string().contains("0123"));

    let home = Home::new().file("[etax]\ntoken_file = \"token\"\n");
    let token = home.folder.path().join("token");
    fs::write(&token, "from a file\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(home.refusal().contains("others can read it (mode 644)"));
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.load().etax.token.unwrap().expose(), "from a file");
}

#[test]
fn the_callback_secret_is_kept_like_the_token() {
    use std::os::unix::fs::PermissionsExt;
    assert!(Home::new().load().etax.callback_secret.is_none());
    let home = Home::new().variable("CLERKWORK__ETAX__CALLBACK_SECRET", "0123456789-s3cret");
    let config = home.load();
    assert_eq!(
        config.etax.callback_secret.as_ref().unwrap().expose(),
        "0123456789-s3cret"
    );
    assert!(!format!("{config:?}").contains("0123456789-s3cret"));
    assert!(!config.settings().to_string().contains("0123456789-s3cret"));
    let home = Home::new().file("[etax]\ncallback_secret = \"0123456789-s3cret\"\n");
    assert!(home.refusal().contains("`etax.callback_secret_file`"));

    let home = Home::new().file("[etax]\ncallback_secret_file = \"secret\"\n");
    let secret = home.folder.path().join("secret");
    fs::write(&secret, "whsec_AAECAwQFBgcICQoLDA0ODw==\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(home.refusal().contains("others can read it (mode 640)"));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let config = home.load();
    assert_eq!(
        config.etax.callback_secret.unwrap().expose(),
        "whsec_AAECAwQFBgcICQoLDA0ODw=="
    );
    assert!(config.etax.token.is_none());
    let both = home.variable("CLERKWORK__ETAX__CALLBACK_SECRET", "x");
    assert!(
        both.refusal()
            .contains("beside `etax.callback_secret_file`")
    );
}

#[test]
fn a_callback_secret_that_can_be_guessed_is_refused_where_it_stands() {
    use std::os::unix::fs::PermissionsExt;
    const NAME: &str = "CLERKWORK__ETAX__CALLBACK_SECRET";
    for weak in ["s3cret", "whsec_", "whsec_AAEC", "whsec_no base64 at all"] {
        let refusal = Home::new().variable(NAME, weak).refusal();
        assert!(refusal.contains(NAME), "{refusal}");
        assert!(!refusal.contains("s3cret") && !refusal.contains("AAEC"));
    }
    let home = Home::new().file("[etax]\ncallback_secret_file = \"secret\"\n");
    let secret = home.folder.path().join("secret");
    fs::write(&secret, "whsec_\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let refusal = home.refusal();
    assert!(refusal.contains("`etax.callback_secret_file`"), "{refusal}");
}

#[test]
fn what_is_shown_is_a_settings_file_again() {
    let home = Home::new().variable("CLERKWORK__FLEET__HEARTBEAT_SECONDS", "0.5");
    let first = home.load();
    let again = Home::new().file(&first.settings().to_string()).load();
    let values = |config: &Config| -> Vec<_> {
        let settings = config.settings().iter();
        settings.map(|s| (s.key.clone(), s.value.clone())).collect()
    };
    assert_eq!(values(&again), values(&first));
    assert_eq!(again.fleet.heartbeat, Duration::from_millis(500));
}

#[test]
fn the_desk_counts_each_level_in_minutes_of_its_own() {
    let desk = Home::new()
        .file("[desk]\noffice_hours = \"08:30-17:30\"\njoint_minutes = 99_999\n")
        .load()
        .desk;
    assert_eq!(desk.office_hours.to_string(), "08:30-17:30");
    assert_eq!(
        [1, 2, 3, 4].map(|level| desk.minutes_of(level)),
        [240, 99_999, 960, 960]
    );
    assert_eq!(
        [1, 2, 3].map(|level| desk.reminder_of(level)),
        [180, 74_999, 720]
    );
    assert_eq!(desk.claim, Duration::from_secs(1_800));
}
