//! From a configuration to an account, and what is refused on the way.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built fails the test")]

use serde_json::{Value, json};
use std::time::Duration;
use workspace_members::http::{HttpSettings, Proxy};
use workspace_members::{Config, Credential, Error, ErrorKind, Registry, connect};

/// With these settings of the adapter's own.
fn with(provider: &str, own: &Value) -> Config {
    Config::new(provider).with_own(own).unwrap()
}

fn refused(config: &Config) -> Error {
    match connect(config, Credential::from_key("canary-key")) {
        Ok(account) => panic!("{config:?} was accepted: {account:?}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            error
        }
    }
}

#[test]
fn an_unknown_provider_lists_the_known_ones() {
    let text = refused(&Config::new("dropbox")).to_string();
    assert!(text.contains("\"dropbox\"") && text.contains("paradigm, pandadoc"), "{text}");
}

#[cfg(all(feature = "paradigm", feature = "pandadoc"))]
#[test]
fn settings_of_another_provider_are_refused_by_name() {
    for (provider, setting, value, whose) in [
        ("pandadoc", "level", json!("company"), "paradigm"),
        ("pandadoc", "inferred", json!(true), "paradigm"),
        ("paradigm", "region", json!("eu"), "pandadoc"),
        ("paradigm", "reach", json!({"workspace": "1"}), "pandadoc"),
        ("paradigm", "auth", json!("bearer"), "pandadoc"),
        ("paradigm", "key_kind", json!("sandbox"), "pandadoc"),
    ] {
        let text = refused(&with(provider, &json!({ setting: value }))).to_string();
        assert!(text.contains(&format!("`{setting}` is a setting of {whose}")), "{text}");
    }
}

#[cfg(feature = "paradigm")]
#[test]
fn a_slip_of_the_pen_is_told_from_what_there_is() {
    let text = refused(&with("paradigm", &json!({"levle": "owner"}))).to_string();
    assert!(text.contains("paradigm has no setting `levle`; it has `level`, `inferred`"), "{text}");
    assert!(text.contains("as every provider `base_url`, `page_size`"), "{text}");
    let text = refused(&with("paradigm", &json!({"level": "king"}))).to_string();
    assert!(text.contains("`level`") && text.contains("expected one of `owner`, `company`"), "{text}");
}

#[test]
fn contradictions_are_refused() {
    let http = HttpSettings::default;
    for adapter in Registry::with_defaults().iter() {
        for (http, word) in [
            (http().with_root_ca_file("a").with_root_ca_pem("b"), "not both"),
            (http().with_page_size(0), "page_size"),
            (http().with_connect_timeout(Duration::ZERO), "connect_timeout"),
        ] {
            let text = refused(&Config::new(adapter.provider).with_http(http)).to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}

#[cfg(not(feature = "paradigm"))]
#[test]
fn an_adapter_that_is_not_compiled_in_names_its_feature() {
    let text = refused(&Config::new("paradigm")).to_string();
    assert!(text.contains("feature `paradigm`"), "{text}");
    assert!(Registry::with_defaults().find("paradigm").is_none());
}

#[cfg(not(feature = "pandadoc"))]
#[test]
fn the_other_adapter_that_is_not_compiled_in_names_its_feature() {
    let text = refused(&Config::new("pandadoc")).to_string();
    assert!(text.contains("feature `pandadoc`"), "{text}");
}

#[cfg(any(feature = "paradigm", feature = "pandadoc"))]
mod with_adapters {
    use super::*;

    fn compiled_in() -> Vec<Config> {
        Registry::with_defaults().iter().map(|adapter| Config::new(adapter.provider)).collect()
    }

    #[test]
    fn what_cannot_be_used_is_refused_before_any_request() {
        for config in compiled_in() {
            let text = refused(&config.clone().with_base_url("http://example.com")).to_string();
            assert!(text.contains("https"), "{text}");
            let http = HttpSettings::default();
            let missing = config.clone().with_http(http.clone().with_root_ca_file("/no/such/ca.pem"));
            let text = refused(&missing).to_string();
            assert!(text.contains("/no/such/ca.pem"), "{text}");
            let nothing = config.clone().with_http(http.clone().with_root_ca_pem("no certificate"));
            let text = refused(&nothing).to_string();
            assert!(text.contains("certificate"), "{text}");
            let proxy = Proxy::Url("ftp://u:hunter2@proxy.example".parse().unwrap());
            let text = format!("{:?}", refused(&config.with_http(http.with_proxy(proxy))));
            assert!(text.contains("proxy") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn debug_of_an_account_shows_no_key() {
        for config in compiled_in() {
            let account = connect(&config, Credential::from_key("canary-key")).unwrap();
            assert!(!format!("{account:?}").contains("canary"), "{account:?}");
        }
    }

    #[test]
    fn accounts_may_share_a_transport_and_then_leave_its_settings_to_it() {
        use workspace_members::http::{Transport, TransportConfig};
        let pool = Transport::new(TransportConfig::default()).unwrap();
        let shared = || HttpSettings::default().with_transport(pool.clone());
        for config in compiled_in() {
            connect(&config.clone().with_http(shared()), Credential::from_key("k")).unwrap();
            for (setting, given) in [
                ("proxy", shared().with_proxy(Proxy::Direct)),
                ("root_ca_pem", shared().with_root_ca_pem("x")),
                ("request_timeout", shared().with_request_timeout(Duration::from_secs(1))),
            ] {
                let error = refused(&config.clone().with_http(given));
                assert!(error.to_string().contains(setting), "{error}");
            }
        }
    }

    #[cfg(feature = "pandadoc")]
    #[test]
    fn a_token_url_is_checked_when_the_account_is_opened() {
        for (url, word) in
            [("http://login.example.com/token", "https"), ("https://u:canary@login.example.com/", "password")]
        {
            let oauth =
                workspace_members::OAuth::new("app", Credential::from_key("a"), Credential::from_key("b"));
            let credential = Credential::OAuth(oauth.with_token_url(url));
            let error = connect(&Config::new("pandadoc"), credential).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let shown = format!("{error:?}");
            assert!(
                shown.contains("token URL") && shown.contains(word) && !shown.contains("canary"),
                "{shown}"
            );
        }
    }

    #[cfg(feature = "paradigm")]
    #[test]
    fn a_provider_without_oauth_says_so() {
        let oauth =
            workspace_members::OAuth::new("app", Credential::from_key("a"), Credential::from_key("b"));
        let error = connect(&Config::new("paradigm"), Credential::OAuth(oauth)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("OAuth"), "{error}");
    }
}

/// Over real HTTP, against the simulated providers.
#[cfg(all(feature = "paradigm", feature = "pandadoc"))]
mod over_http {
    use super::*;
    use workspace_members::pandadoc::{KeyKind, PandaDocConfig, Reach};
    use workspace_members::paradigm::{Level, ParadigmConfig};
    use workspace_members::{Capability, OAuth, RolePolicy, WorkspaceMembersExt};
    use workspace_members_simulator::{Simulator, State};

    fn both(simulator: &Simulator) -> [(Config, Credential); 2] {
        let config = |provider: &str, url: &str| Config::new(provider).with_base_url(url);
        [
            (config("paradigm", simulator.paradigm_url()), Credential::from_key(simulator.paradigm_key())),
            (config("pandadoc", simulator.pandadoc_url()), Credential::from_key(simulator.pandadoc_key())),
        ]
    }

    #[tokio::test]
    async fn the_same_code_lists_both_providers() {
        let simulator = Simulator::start(State::sample()).await.unwrap();
        for ((config, credential), workspace) in both(&simulator).into_iter().zip(["Research", "Contracts"]) {
            let account = connect(&config, credential).unwrap();
            assert_eq!(account.provider(), config.provider);
            let id = account.find_workspace(workspace).await.unwrap().id;
            let roster = account.roster(&id).await.unwrap();
            assert!(roster.len() > 20, "{}", roster.len());
            assert_eq!(account.me().await.unwrap().email.unwrap().as_str(), "camille.laurent@example.com");
        }
    }

    #[tokio::test]
    async fn settings_reach_the_adapter() {
        let simulator = Simulator::start(State::sample()).await.unwrap();
        let [(paradigm, key), (pandadoc, _)] = both(&simulator);
        let own = ParadigmConfig::default().with_level(Level::Company).with_inferred(true);
        let company = connect(&paradigm.with_own(&own).unwrap(), key).unwrap();
        assert_eq!(company.capabilities().variant(), "company");
        assert!(company.capabilities().has(Capability::AddUser));

        let reach = Reach::Workspace(workspace_members::WorkspaceId::new("w").unwrap());
        let own = PandaDocConfig::default().with_reach(reach).with_key_kind(KeyKind::Sandbox);
        let http = pandadoc.http.clone().with_page_size(7).with_role_policy(RolePolicy::ExactOnly);
        let sandbox = pandadoc.with_http(http).with_own(&own).unwrap();
        let one = connect(&sandbox, Credential::from_key("k")).unwrap();
        assert!(!one.capabilities().has(Capability::Roster));
        assert!(one.capabilities().limits().iter().all(|limit| limit.max == 10));
        assert_eq!(one.capabilities().page_size(), 7);
        assert_eq!(one.capabilities().roles().policy(), RolePolicy::ExactOnly);
        assert_eq!(simulator.requests().len(), 0, "connecting sends nothing");
    }

    #[cfg(feature = "layers")]
    #[tokio::test]
    async fn layers_are_put_around_as_configured() {
        let simulator = Simulator::start(State::sample()).await.unwrap();
        let [(config, _), _] = both(&simulator);
        let layers = workspace_members::layers::LayersConfig::default().with_read_only(true);
        let timeout = Duration::from_secs(7);
        let unset = config.clone();
        let http = config.http.clone().with_request_timeout(timeout);
        let read_only = config.with_layers(layers).with_http(http);
        assert_eq!(read_only.effective_layers().timeout, timeout);
        let credential = || Credential::from_key(simulator.paradigm_key());
        // Who bounds a request is the adapter, by the one setting or the other.
        let own_timeout = |config| {
            workspace_members::connect_bare(config, credential()).unwrap().capabilities().own_timeout()
        };
        assert_eq!(own_timeout(&read_only), Some(timeout));
        let by_layers = workspace_members::layers::LayersConfig::default().with_timeout(timeout * 2);
        assert_eq!(own_timeout(&unset.with_layers(by_layers)), Some(timeout * 2));
        let account = connect(&read_only, credential()).unwrap();
        assert!(!account.capabilities().has(Capability::AddUser));
        assert!(
            workspace_members::connect_bare(&read_only, credential())
                .unwrap()
                .capabilities()
                .has(Capability::AddUser)
        );
        let broken = read_only.clone().with_layers(read_only.layers.clone().with_concurrency(0));
        assert!(refused(&broken).to_string().contains("concurrency"));
    }

    #[tokio::test]
    async fn keys_come_from_files_commands_and_oauth() {
        let simulator = Simulator::start(State::sample()).await.unwrap();
        let [_, (config, _)] = both(&simulator);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, format!("{}\n", simulator.pandadoc_key())).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let command = vec!["printf".to_owned(), simulator.pandadoc_key().to_owned()];
        let oauth = OAuth::new(
            "simulated-client",
            Credential::from_key("simulated-client-secret"),
            Credential::from_key("simulated-refresh-token"),
        );
        for credential in [Credential::File(file), Credential::Command(command), Credential::OAuth(oauth)] {
            let shown = format!("{credential:?}");
            let account = connect(&config, credential).unwrap();
            account.me().await.unwrap_or_else(|error| panic!("{shown}: {error:?}"));
        }
        let requests = simulator.requests();
        let sent: Vec<_> = requests.iter().filter_map(|request| request.header("authorization")).collect();
        assert_eq!(sent, ["API-Key [redacted]", "API-Key [redacted]", "Bearer [redacted]"]);
    }

    #[tokio::test]
    async fn an_applications_secret_rotates_without_a_restart() {
        let simulator = Simulator::start(State::sample()).await.unwrap();
        let [_, (config, _)] = both(&simulator);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let write = |secret: &str| {
            std::fs::write(&file, secret).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        };
        write("no longer good");
        let token = Credential::from_key("simulated-refresh-token");
        let oauth = OAuth::new("simulated-client", Credential::File(file.clone()), token);
        let account = workspace_members::connect_bare(&config, Credential::OAuth(oauth)).unwrap();
        for _ in 0..2 {
            let error = account.me().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential, "{error:?}");
        }
        let refused = simulator.requests().len();
        assert_eq!(refused, 2, "what is still the same is not tried twice");
        write("simulated-client-secret");
        account.me().await.unwrap();
        assert_eq!(
            simulator.requests().len(),
            refused + 3,
            "refused with the old, taken with the new, the call"
        );
    }

    #[tokio::test]
    async fn a_key_kind_that_contradicts_oauth_is_refused() {
        let oauth = OAuth::new("a", Credential::from_key("b"), Credential::from_key("c"));
        let config = with("pandadoc", &json!({"auth": "api_key"}));
        let error = connect(&config, Credential::OAuth(oauth)).unwrap_err();
        assert!(error.to_string().contains("bearer"), "{error}");
    }
}
