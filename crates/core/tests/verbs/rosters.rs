use std::sync::Mutex;

use crate::fixture::*;

#[tokio::test]
async fn a_roster_is_everybody_over_all_pages() {
    let account = account(everything());
    let roster = account.roster(&ws()).await.unwrap();
    assert_eq!(roster.len(), 4);
    assert_eq!(roster.get(&user(3)).unwrap().role, Role::Editor);
    assert_eq!(roster.get(&GroupId::from(1).into()).unwrap().role, Role::Viewer);
    assert_eq!(roster.owners().count(), 2);
    assert_eq!(roster.by_email(&EmailAddress::new("U3@EXAMPLE.com").unwrap()).count(), 1);
}

#[tokio::test]
async fn rosters_of_one_pass_equal_rosters_of_single_listings() {
    let one_pass = account(everything());
    let single = account(
        everything().without(&[Capability::ListAccountMembers], "each workspace has a list of its own"),
    );
    // One is empty, one is asked for twice.
    let ids = [ws(), WorkspaceId::from(2), ws()];
    assert_eq!(one_pass.rosters(&ids).await.unwrap(), single.rosters(&ids).await.unwrap());
}

#[tokio::test]
async fn rosters_are_read_side_by_side_within_a_bound_and_answered_in_order() {
    let mut inner = account(everything().without(&[Capability::ListAccountMembers], "none"));
    let ids: Vec<WorkspaceId> = (1..=80).rev().map(WorkspaceId::from).collect();
    for id in &ids {
        inner = inner.with_workspace(Workspace::new(id.clone(), "One of many"));
    }
    let account = Twisted::new(inner);
    let rosters = account.rosters(&ids).await.unwrap();
    assert!(rosters.iter().map(Roster::workspace).eq(&ids));
    assert_eq!(*account.listings.lock().unwrap(), (0, 32));
}

#[tokio::test]
async fn an_unknown_workspace_is_never_an_empty_roster() {
    for capabilities in [everything(), everything().without(&[Capability::ListAccountMembers], "none")] {
        let error = account(capabilities).roster(&WorkspaceId::from(9)).await.unwrap_err();
        assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
    }
}

#[tokio::test]
async fn a_listing_that_cannot_be_proven_complete_makes_no_roster() {
    let capabilities = everything().without(&[Capability::Roster], "it may be another workspace's");
    let error = account(capabilities).roster(&ws()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn whatever_is_wrong_with_pages_makes_no_roster() {
    let twists: Vec<(&str, ErrorKind, Twist)> = vec![
        ("the last page is missing", ErrorKind::ListingChanged, Box::new(|page| page.with_next(None))),
        (
            "the total disagrees",
            ErrorKind::ListingChanged,
            Box::new(|page| {
                let total = page.total.map(|total| total + 1);
                page.with_total(total)
            }),
        ),
        (
            "a cursor comes again",
            ErrorKind::UnexpectedResponse,
            Box::new(|page| Page::new(Vec::new()).with_next(Some(Cursor::new("0"))).with_total(page.total)),
        ),
        (
            "a member comes twice",
            ErrorKind::ListingChanged,
            Box::new(|mut page| {
                page.items.push(page.items[0].clone());
                Page::new(page.items).with_next(page.next)
            }),
        ),
    ];
    for (what, kind, twist) in twists {
        let account = Twisted::new(account(everything())).pages(twist);
        let error = account.roster(&ws()).await.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
}

#[tokio::test]
async fn empty_pages_do_not_end_a_listing_and_do_not_go_on_forever() {
    let counter = Mutex::new(0_u32);
    let endless = Twisted::new(account(everything())).pages(move |_| {
        let mut counter = counter.lock().unwrap();
        *counter += 1;
        Page::new(Vec::new()).with_next(Some(Cursor::new(counter.to_string())))
    });
    assert_eq!(endless.roster(&ws()).await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn a_listing_that_changed_once_is_read_again() {
    let first = Mutex::new(true);
    let moving = Twisted::new(account(everything())).pages(move |page| {
        if std::mem::take(&mut *first.lock().unwrap()) { page.with_total(Some(99)) } else { page }
    });
    assert_eq!(moving.roster(&ws()).await.unwrap().len(), 4);
}

#[tokio::test]
async fn the_workspaces_owner_is_marked() {
    let capabilities = everything().with_behaviours(&[Behaviour::FixedWorkspaceOwner]);
    let owner = EmailAddress::new("U2@example.com").unwrap();
    let account = account(capabilities).with_workspace(Workspace::new(ws(), "Legal").with_owner(Some(owner)));
    let roster = account.roster(&ws()).await.unwrap();
    assert!(roster.get(&user(2)).unwrap().is(Mark::Immovable));
    assert!(!roster.get(&user(1)).unwrap().is(Mark::Immovable));
    let error = account.remove_member(&ws(), &user(2)).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ProviderOwner));
}
