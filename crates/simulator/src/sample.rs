//! A made-up company of 60 people, most of them at both providers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::pandadoc::{KeyKind, OAuthClient, OAuthToken, PandaDocState};
use crate::paradigm::{GroupCategory, ParadigmState, PlatformRole, WorkspaceType};

/// First and last names. Some do not survive ASCII, and one has an apostrophe, which is legal in an address.
const PEOPLE: &str = "\
    Camille Laurent, Dorian Petit, Aiko Tanaka, Amélie Durand, Björn Lindqvist, Chiara Ricci, \
    Daniel Okafor, Elif Yılmaz, Farah Haddad, Gustavo Almeida, Hanna Kowalska, Ibrahim Diallo, \
    Jana Nováková, Kenji Mori, Lucía Fernández, Mateo Rossi, Nadia Benali, Siobhán O'Neill, \
    Oliver Schmidt, Priya Raman, Quentin Moreau, Rania Mansour, Søren Dahl, Tomás Vega, Uma Krishnan, \
    Viktor Horvat, Wanjiru Kamau, Xavier Lambert, Yara Costa, Zoë de Vries, Adèle Fontaine, \
    Bruno Martins, Clara Jensen, David Cohen, Emma Virtanen, Felix Bauer, Giulia Conti, Hugo Garnier, \
    Inès Chevalier, Jonas Weber, Katarína Molnár, Leo Andersson, Maya Patel, Nguyen Minh, Olga Ivanova, \
    Paul Lefèvre, Rosa Navarro, Samuel Adeyemi, Tara Byrne, Ursula Keller, Valentin Popescu, Wei Zhang, \
    Yusuf Demir, Zuzana Horáková, Arthur Roussel, Beatriz Sousa, Cédric Blanc, Dina Sayed, Erik Nilsen, \
    Flora Marchand";

/// First name, last name, and the part before `@example.com`: both in ASCII, and once a plus sign.
fn people() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    let ascii = |letter| match letter {
        'á' => 'a',
        'è' | 'é' | 'ë' => 'e',
        'í' | 'ı' => 'i',
        'ó' | 'ö' | 'ø' => 'o',
        other => other,
    };
    PEOPLE.split(", ").filter_map(|name| name.split_once(' ')).map(move |(first, last)| {
        let name = format!("{first}.{}", last.replace(' ', "")).to_lowercase();
        let more = if first == "Nguyen" { "+ops" } else { "" };
        (first, last, name.chars().map(ascii).chain(more.chars()).collect())
    })
}

/// How many, from the first, are at Paradigm. PandaDoc has all but some of them, so that each has people whom the other
/// does not know.
const AT_PARADIGM: usize = 44;

/// Some days after a day in November 2023, at an odd time of day.
fn day(number: usize) -> Timestamp {
    let days = i64::try_from(number).unwrap_or_default();
    let odd = i32::try_from(number % 900 + 1).unwrap_or_default();
    Timestamp::new(1_700_000_000 + days * 86_000, odd * 1_001_000).unwrap_or_default()
}

pub(crate) fn paradigm() -> ParadigmState {
    let mut paradigm = ParadigmState::default();
    let company = paradigm.add_company("Example SA");
    let mut users = Vec::new();
    for (person, (first, last, local)) in people().take(AT_PARADIGM).enumerate() {
        users.push(paradigm.add_user(format!("{local}@example.com"), company));
        let user = &mut paradigm.users[person];
        (user.first_name, user.last_name) = (first.to_owned(), last.to_owned());
        (user.date_joined, user.last_login) = (day(person), Some(day(600 + person)));
    }
    let (camille, dorian) = (users[0], users[1]);
    paradigm.users[0].roles = vec![PlatformRole::CompanyAdmin, PlatformRole::ApiKeyManager];
    paradigm.users[1].roles = vec![PlatformRole::ApiKeyManager];
    // One has left, one is invited.
    paradigm.users[9].is_active = false;
    let invited = &mut paradigm.users[10];
    (invited.is_active, invited.last_login) = (false, None);
    "pending".clone_into(&mut invited.invitation_status);
    paradigm.add_key("simulated-paradigm-company-admin", camille);
    paradigm.add_key("simulated-paradigm-workspace-owner", dorian);

    let everybody = paradigm.add_group("Example SA", company, users.iter().copied());
    let own = paradigm.add_group("Camille Laurent", company, [camille]);
    let data = paradigm.add_group("Data Team", company, users[12..18].iter().copied());
    let partners = paradigm.add_group("Partners", company, users[36..42].iter().copied());
    for (at, group) in paradigm.groups.iter_mut().enumerate() {
        group.created_at = day(10 + at);
        match group.id {
            id if id == everybody => group.category = GroupCategory::Company,
            id if id == own => group.category = GroupCategory::Private,
            _ => {
                group.description = format!("Everybody in {}", group.name);
                "owner".clone_into(&mut group.members[0].role);
            }
        }
    }

    let research = paradigm.add_workspace("Research", company);
    let sales = paradigm.add_workspace("Sales", company);
    let common = paradigm.add_workspace("Example SA", company);
    let personal = paradigm.add_workspace("Camille Laurent", company);
    paradigm.grant_user(research, camille, "owner");
    paradigm.grant_user(research, dorian, "owner");
    paradigm.grant_user(sales, camille, "owner");
    for (at, user) in users.iter().enumerate() {
        let role = if at % 3 == 0 { "editor" } else { "viewer" };
        if matches!(at, 2..24) {
            paradigm.grant_user(research, *user, role);
        }
        if matches!(at, 3 | 10 | 20..36) {
            paradigm.grant_user(sales, *user, role);
        }
    }
    paradigm.grant_group(research, data, "editor");
    paradigm.grant_group(sales, data, "viewer");
    paradigm.grant_group(sales, partners, "viewer");
    paradigm.grant_group(common, everybody, "viewer");
    paradigm.grant_group(personal, own, "owner");
    for (at, workspace) in paradigm.workspaces.iter_mut().enumerate() {
        (workspace.created_at, workspace.updated_at) = (day(20 + at), day(640 + at));
        workspace.description = format!("Documents of {}", workspace.name);
        match workspace.id {
            id if id == common => workspace.workspace_type = WorkspaceType::Company,
            id if id == personal => workspace.workspace_type = WorkspaceType::Personal,
            _ => {}
        }
    }
    paradigm
}

pub(crate) fn pandadoc() -> PandaDocState {
    let mut pandadoc = PandaDocState::default();
    let mut ids: BTreeMap<usize, String> = BTreeMap::new();
    for (person, (first, last, local)) in people().enumerate().filter(|(person, _)| !(6..12).contains(person))
    {
        // Somebody typed these addresses with capitals.
        let email = if person % 7 == 3 {
            format!("{}@Example.com", capitals(&local))
        } else {
            format!("{local}@example.com")
        };
        let id = pandadoc.add_user(email, license(person));
        if let Some(user) = pandadoc.users.last_mut() {
            (user.first_name, user.last_name) = (first.to_owned(), last.to_owned());
            user.phone_number = if person % 4 == 0 { format!("+3315550{person:04}") } else { String::new() };
            // One administers the organization, one owns it, one has left it.
            user.is_organization_admin = person == 0;
            user.is_organization_owner = person == 1;
            user.removed = person == 59;
        }
        ids.insert(person, id);
    }
    let id = |person: usize| ids[&person].clone();
    let (camille, dorian, hr_admin) = (id(0), id(1), id(50));

    let contracts = pandadoc.add_workspace("Contracts", &dorian);
    let hr = pandadoc.add_workspace("Human Resources", &dorian);
    pandadoc.add_custom_role(&contracts, "Legal Reviewer");
    pandadoc.add_member(&contracts, &camille, "Admin");
    pandadoc.add_member(&hr, &hr_admin, "Admin");
    for (person, id) in &ids {
        match person {
            14 => drop(pandadoc.add_member(&contracts, id, "Legal Reviewer")),
            // Guests are Collaborators.
            15 | 30 => drop(pandadoc.add_member(&contracts, id, "Collaborator")),
            2 | 16 => drop(pandadoc.add_member(&contracts, id, "Manager")),
            3..42 => drop(pandadoc.add_member(&contracts, id, "Member")),
            49 => drop(pandadoc.add_member(&hr, id, "Manager")),
            _ => {}
        }
        if matches!(person, 18 | 40..49 | 51..57) {
            pandadoc.add_member(&hr, id, if person % 5 == 0 { "Collaborator" } else { "Member" });
        }
    }
    // One is blocked, one has left, one looks at another workspace than the key's.
    let blocked = id(17);
    let ended = pandadoc.add_member(&contracts, &id(59), "Member");
    for membership in &mut pandadoc.memberships {
        membership.is_active = membership.user_id != blocked;
        membership.removed = membership.membership_id == ended;
    }
    if let Some(user) = pandadoc.user_mut(&id(18)) {
        user.active_workspace = Some(hr.clone());
    }
    for (at, membership) in pandadoc.memberships.iter_mut().enumerate() {
        (membership.date_created, membership.date_modified) = (day(30 + at), day(500 + at));
    }
    for (at, workspace) in pandadoc.workspaces.iter_mut().enumerate() {
        workspace.date_created = day(at);
    }

    pandadoc.add_key("simulated-pandadoc-org-admin", &camille, &contracts);
    pandadoc.add_key("simulated-pandadoc-sandbox", &camille, &contracts);
    pandadoc.keys[1].kind = KeyKind::Sandbox;
    pandadoc.add_key("simulated-pandadoc-workspace-admin", &hr_admin, &hr);
    let client_id = "simulated-client".to_owned();
    pandadoc.oauth_tokens.push(OAuthToken {
        client_id: client_id.clone(),
        access_token: "simulated-access-token".into(),
        refresh_token: "simulated-refresh-token".into(),
        user_id: camille,
        workspace_id: contracts,
        expires_at: None,
    });
    pandadoc.oauth_clients.push(OAuthClient { client_id, client_secret: "simulated-client-secret".into() });
    // No seat is free: promoting a Guest buys one.
    let full = pandadoc.users.iter().filter(|user| user.license == "Full" && !user.removed).count();
    pandadoc.organization.seats = full as u64;
    pandadoc
}

fn license(person: usize) -> &'static str {
    match person {
        15 | 30 => "Guest",
        41 => "eSign",
        52 => "Read-only",
        53 => "Creator",
        _ => "Full",
    }
}

/// `amelie.durand` as `Amelie.Durand`.
fn capitals(local: &str) -> String {
    let mut before = '.';
    let capital = |letter: char| {
        let starts = !std::mem::replace(&mut before, letter).is_alphabetic();
        if starts { letter.to_ascii_uppercase() } else { letter }
    };
    local.chars().map(capital).collect()
}
