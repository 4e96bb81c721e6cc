//! A made-up company of 60 people, most of them at both providers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::pandadoc::{KeyKind, PandaDocState};
use crate::paradigm::{GroupCategory, GroupMember, ParadigmState, PlatformRole, WorkspaceType};

/// First name, last name, and the part before `@example.com`. Some names do not survive ASCII, one address has a plus
/// sign and one an apostrophe: both are legal.
const PEOPLE: [(&str, &str, &str); 60] = [
    ("Camille", "Laurent", "camille.laurent"),
    ("Dorian", "Petit", "dorian.petit"),
    ("Aiko", "Tanaka", "aiko.tanaka"),
    ("Amélie", "Durand", "amelie.durand"),
    ("Björn", "Lindqvist", "bjorn.lindqvist"),
    ("Chiara", "Ricci", "chiara.ricci"),
    ("Daniel", "Okafor", "daniel.okafor"),
    ("Elif", "Yılmaz", "elif.yilmaz"),
    ("Farah", "Haddad", "farah.haddad"),
    ("Gustavo", "Almeida", "gustavo.almeida"),
    ("Hanna", "Kowalska", "hanna.kowalska"),
    ("Ibrahim", "Diallo", "ibrahim.diallo"),
    ("Jana", "Nováková", "jana.novakova"),
    ("Kenji", "Mori", "kenji.mori"),
    ("Lucía", "Fernández", "lucia.fernandez"),
    ("Mateo", "Rossi", "mateo.rossi"),
    ("Nadia", "Benali", "nadia.benali"),
    ("Siobhán", "O'Neill", "siobhan.o'neill"),
    ("Oliver", "Schmidt", "oliver.schmidt"),
    ("Priya", "Raman", "priya.raman"),
    ("Quentin", "Moreau", "quentin.moreau"),
    ("Rania", "Mansour", "rania.mansour"),
    ("Søren", "Dahl", "soren.dahl"),
    ("Tomás", "Vega", "tomas.vega"),
    ("Uma", "Krishnan", "uma.krishnan"),
    ("Viktor", "Horvat", "viktor.horvat"),
    ("Wanjiru", "Kamau", "wanjiru.kamau"),
    ("Xavier", "Lambert", "xavier.lambert"),
    ("Yara", "Costa", "yara.costa"),
    ("Zoë", "de Vries", "zoe.devries"),
    ("Adèle", "Fontaine", "adele.fontaine"),
    ("Bruno", "Martins", "bruno.martins"),
    ("Clara", "Jensen", "clara.jensen"),
    ("David", "Cohen", "david.cohen"),
    ("Emma", "Virtanen", "emma.virtanen"),
    ("Felix", "Bauer", "felix.bauer"),
    ("Giulia", "Conti", "giulia.conti"),
    ("Hugo", "Garnier", "hugo.garnier"),
    ("Inès", "Chevalier", "ines.chevalier"),
    ("Jonas", "Weber", "jonas.weber"),
    ("Katarína", "Molnár", "katarina.molnar"),
    ("Leo", "Andersson", "leo.andersson"),
    ("Maya", "Patel", "maya.patel"),
    ("Nguyen", "Minh", "nguyen.minh+ops"),
    ("Olga", "Ivanova", "olga.ivanova"),
    ("Paul", "Lefèvre", "paul.lefevre"),
    ("Rosa", "Navarro", "rosa.navarro"),
    ("Samuel", "Adeyemi", "samuel.adeyemi"),
    ("Tara", "Byrne", "tara.byrne"),
    ("Ursula", "Keller", "ursula.keller"),
    ("Valentin", "Popescu", "valentin.popescu"),
    ("Wei", "Zhang", "wei.zhang"),
    ("Yusuf", "Demir", "yusuf.demir"),
    ("Zuzana", "Horáková", "zuzana.horakova"),
    ("Arthur", "Roussel", "arthur.roussel"),
    ("Beatriz", "Sousa", "beatriz.sousa"),
    ("Cédric", "Blanc", "cedric.blanc"),
    ("Dina", "Sayed", "dina.sayed"),
    ("Erik", "Nilsen", "erik.nilsen"),
    ("Flora", "Marchand", "flora.marchand"),
];

/// How many of [`PEOPLE`], from the first, are at Paradigm. PandaDoc has the first few and everybody from a later one
/// on, so that each provider has people whom the other does not know.
const AT_PARADIGM: usize = 44;

fn at_pandadoc(person: usize) -> bool {
    !(6..12).contains(&person)
}

/// Some days after a day in November 2023, at an odd time of day.
fn day(number: usize) -> Timestamp {
    let days = i64::try_from(number).unwrap_or_default();
    let odd = i32::try_from(number % 900 + 1).unwrap_or_default();
    Timestamp::new(1_700_000_000 + days * 86_000, odd * 1_001_000).unwrap_or_default()
}

pub(crate) fn paradigm() -> ParadigmState {
    let mut paradigm = ParadigmState::default();
    let company = paradigm.add_company("Example SA");
    let users: Vec<u64> = PEOPLE[..AT_PARADIGM]
        .iter()
        .map(|(_, _, local)| paradigm.add_user(format!("{local}@example.com"), company))
        .collect();
    for (person, (user, (first, last, _))) in paradigm.users.iter_mut().zip(PEOPLE).enumerate() {
        (user.first_name, user.last_name) = (first.to_owned(), last.to_owned());
        user.date_joined = day(person);
        user.last_login = Some(day(600 + person));
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
        group.category = match group.id {
            id if id == everybody => GroupCategory::Company,
            id if id == own => GroupCategory::Private,
            _ => GroupCategory::Custom,
        };
        if group.category == GroupCategory::Custom {
            group.description = format!("Everybody in {}", group.name);
            if let Some(GroupMember { role, .. }) = group.members.first_mut() {
                "owner".clone_into(role);
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
        workspace.workspace_type = match workspace.id {
            id if id == common => WorkspaceType::Company,
            id if id == personal => WorkspaceType::Personal,
            _ => WorkspaceType::Custom,
        };
    }
    paradigm
}

pub(crate) fn pandadoc() -> PandaDocState {
    let mut pandadoc = PandaDocState::default();
    let mut ids: BTreeMap<usize, String> = BTreeMap::new();
    for (person, (first, last, local)) in PEOPLE.iter().enumerate().filter(|(person, _)| at_pandadoc(*person))
    {
        // Somebody typed these addresses with capitals.
        let email = if person % 7 == 3 {
            format!("{}@Example.com", capitals(local))
        } else {
            format!("{local}@example.com")
        };
        let id = pandadoc.add_user(email, license(person));
        if let Some(user) = pandadoc.users.last_mut() {
            (user.first_name, user.last_name) = ((*first).to_owned(), (*last).to_owned());
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
    pandadoc.add_oauth_client("simulated-client", "simulated-client-secret");
    pandadoc.add_oauth_token(
        "simulated-client",
        "simulated-access-token",
        "simulated-refresh-token",
        &camille,
        &contracts,
    );
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
    let mut start = true;
    local
        .chars()
        .map(|letter| {
            let capital = if start { letter.to_ascii_uppercase() } else { letter };
            start = !letter.is_alphabetic();
            capital
        })
        .collect()
}
