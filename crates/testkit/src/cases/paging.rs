//! Pages: every boundary, small pages, and servers that lose count.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{LEGAL, ME};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq};
use crate::seed::{Grant, Seed};
use crate::stage::Stage;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use workspace_members_core::{
    Capability, Cursor, Error, ErrorKind, Group, ListOf, PageRequest, WorkspaceMembersExt,
};

cases! {
    workspaces_come_whole_over_every_page_boundary [ListWorkspaces];
    users_come_whole_over_every_page_boundary [ListUsers];
    groups_come_whole_over_every_page_boundary [ListGroups];
    members_come_whole_over_every_page_boundary [ListMembers];
    account_members_come_whole_over_every_page_boundary [ListAccountMembers];
    pages_of_any_size_make_the_same_listing [];
    a_cursor_from_elsewhere_is_refused [];
}

/// One of the listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Workspaces,
    Users,
    Groups,
    Members,
    Account,
}

/// What walking a listing by hand showed.
pub(super) struct Walk {
    pub(super) ids: Vec<String>,
    first_page: u64,
    pages: usize,
    pub(super) total: Option<u64>,
}

impl Listed {
    const ALL: [Self; 5] = [Self::Workspaces, Self::Users, Self::Groups, Self::Members, Self::Account];

    pub(super) fn capability(self) -> Capability {
        match self {
            Self::Workspaces => Capability::ListWorkspaces,
            Self::Users => Capability::ListUsers,
            Self::Groups => Capability::ListGroups,
            Self::Members => Capability::ListMembers,
            Self::Account => Capability::ListAccountMembers,
        }
    }

    /// The fewest records: the acting identity and its workspace are always there.
    fn fewest(self) -> u64 {
        u64::from(self != Self::Groups)
    }

    /// A world in which the listing has so many records.
    pub(super) fn seed(self, context: &Context, count: u64) -> Seed {
        let mut seed = context.alone();
        match self {
            Self::Workspaces => {
                for number in 1..count {
                    let workspace =
                        context.make_workspace(1_000 + number, &format!("W {number}"), "acting@example.com");
                    seed.members.push(Grant::new(workspace.id.clone(), context.user(ME), context.ruling()));
                    seed.workspaces.push(workspace);
                }
            }
            Self::Users => seed = context.crowd(count, 1),
            Self::Groups => {
                let group = |number| Group::new(context.group_id(1_000 + number), format!("G {number}"));
                seed.groups = (0..count).map(group).collect();
            }
            Self::Members | Self::Account => seed = context.crowd(count, count),
        }
        seed
    }

    fn expected(self, stage: &Stage) -> BTreeSet<String> {
        let seed = &stage.seed;
        match self {
            Self::Workspaces => seed.workspaces.iter().map(|workspace| workspace.id.to_string()).collect(),
            Self::Users => seed.users.iter().map(|user| user.id.to_string()).collect(),
            Self::Groups => seed.groups.iter().map(|group| group.id.to_string()).collect(),
            Self::Members | Self::Account => {
                seed.members.iter().map(|grant| grant.principal.to_string()).collect()
            }
        }
    }

    /// One page: the ids, where to go on, the total.
    async fn page(
        self,
        stage: &Stage,
        page: PageRequest,
    ) -> Result<(Vec<String>, Option<Cursor>, Option<u64>), Error> {
        let members = stage.members();
        let of = match self {
            Self::Account => ListOf::Account,
            _ => ListOf::Workspace(stage.workspace(LEGAL)),
        };
        Ok(match self {
            Self::Workspaces => {
                let page = members.workspaces_page(page).await?;
                (page.items.iter().map(|workspace| workspace.id.to_string()).collect(), page.next, page.total)
            }
            Self::Users => {
                let page = members.users_page(page).await?;
                (page.items.iter().map(|user| user.id.to_string()).collect(), page.next, page.total)
            }
            Self::Groups => {
                let page = members.groups_page(page).await?;
                (page.items.iter().map(|group| group.id.to_string()).collect(), page.next, page.total)
            }
            Self::Members | Self::Account => {
                let page = members.members_page(&of, page).await?;
                (
                    page.items.iter().map(|member| member.key.principal.to_string()).collect(),
                    page.next,
                    page.total,
                )
            }
        })
    }

    /// The stream that callers use.
    pub(super) async fn stream(self, stage: &Stage) -> Result<Vec<String>, Error> {
        let members = stage.members();
        match self {
            Self::Workspaces => {
                members.workspaces().map_ok(|workspace| workspace.id.to_string()).try_collect().await
            }
            Self::Users => members.users().map_ok(|user| user.id.to_string()).try_collect().await,
            Self::Groups => members.groups().map_ok(|group| group.id.to_string()).try_collect().await,
            Self::Members => {
                let listing = members.members(stage.workspace(LEGAL));
                listing.map_ok(|member| member.key.principal.to_string()).try_collect().await
            }
            Self::Account => {
                let listing = members.members(ListOf::Account);
                listing.map_ok(|member| member.key.principal.to_string()).try_collect().await
            }
        }
    }

    pub(super) async fn walk(self, stage: &Stage, size: Option<u32>) -> Result<Walk, Failure> {
        let mut walk = Walk { ids: Vec::new(), first_page: 0, pages: 0, total: None };
        let mut request = PageRequest::default();
        loop {
            request.size = size;
            let (ids, next, total) = self.page(stage, request).await?;
            if walk.pages == 0 {
                walk.first_page = ids.len() as u64;
            }
            // Any page may tell it, and all that do agree.
            walk.total = walk.total.or(total);
            check!(
                total.is_none() || total == walk.total,
                "the total of {self:?} on page {}: {total:?}, and before {:?}",
                walk.pages + 1,
                walk.total
            );
            walk.ids.extend(ids);
            walk.pages += 1;
            check!(walk.pages < 10_000, "{self:?} does not end");
            let Some(cursor) = next else { return Ok(walk) };
            request = PageRequest::at(Some(cursor));
        }
    }

    /// A world whose listing has at least three pages, and the size of its first page; `None` if it has no pages.
    pub(super) async fn paged(self, context: &Context) -> Result<Option<(Stage, Walk)>, Failure> {
        let mut count = 3 * u64::from(context.capabilities().page_size()) + 1;
        for _ in 0..2 {
            let stage = context.stage(self.seed(context, count)).await?;
            let walk = self.walk(&stage, None).await?;
            if walk.pages >= 3 {
                return Ok(Some((stage, walk)));
            }
            if walk.pages == 1 {
                return Ok(None);
            }
            count = 3 * walk.first_page + 1;
        }
        Err(Failure::new(format!(
            "{self:?} of {count} records has two pages, whatever the size of the first"
        )))
    }
}

/// Lists 0, 1, size - 1, size, size + 1 and more than three times size records, by pages and as a stream.
async fn boundaries(context: &Context, listed: Listed) -> Verdict {
    let (size, many) = if let Some((_, walk)) = listed.paged(context).await? {
        (walk.first_page, walk.ids.len() as u64)
    } else {
        // Not paged: the sizes are those at which an adapter that took it for paged would go wrong.
        let size = u64::from(context.capabilities().page_size());
        (size, 3 * size + 1)
    };
    for count in BTreeSet::from([listed.fewest(), 1, size.saturating_sub(1), size, size + 1, many]) {
        if count < listed.fewest() {
            continue;
        }
        let stage = context.stage(listed.seed(context, count)).await?;
        stage.forget();
        let walk = listed.walk(&stage, None).await?;
        let requests = stage.requests();
        let distinct: BTreeSet<String> = walk.ids.iter().cloned().collect();
        check_eq!(distinct, listed.expected(&stage), "{listed:?}, {count} records by pages");
        check_eq!(walk.ids.len(), distinct.len(), "{listed:?}, {count} records by pages, some of them twice");
        if let Some(total) = walk.total.filter(|_| !matches!(listed, Listed::Account)) {
            check_eq!(total, count, "{listed:?}: the total");
        }
        if context.bare() && stage.world.proxy.is_some() {
            check_eq!(requests, walk.pages, "{listed:?}, {count} records: one request per page");
        }
        let streamed = listed.stream(&stage).await?;
        check_eq!(streamed, walk.ids, "{listed:?}, {count} records as a stream");
    }
    Ok(RAN)
}

async fn workspaces_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    boundaries(context, Listed::Workspaces).await
}

async fn users_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    boundaries(context, Listed::Users).await
}

async fn groups_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    boundaries(context, Listed::Groups).await
}

async fn members_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    boundaries(context, Listed::Members).await
}

async fn account_members_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    boundaries(context, Listed::Account).await
}

pub(super) fn claimed(context: &Context) -> impl Iterator<Item = Listed> + '_ {
    Listed::ALL.into_iter().filter(|listed| context.has(listed.capability()))
}

/// A size asked for is a request: smaller or larger pages, never other records.
async fn pages_of_any_size_make_the_same_listing(context: &Context) -> Verdict {
    let mut ran = Vec::new();
    for listed in claimed(context) {
        let stage = context.stage(listed.seed(context, 7)).await?;
        let expected = listed.expected(&stage);
        for size in [1, 2, 6, 7, 8, u32::MAX] {
            let walk = listed.walk(&stage, Some(size)).await?;
            check_eq!(walk.ids.len(), 7, "{listed:?} by pages of {size}: how many records");
            check_eq!(
                walk.ids.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "{listed:?} by pages of {size}"
            );
        }
        ran.push(listed.capability());
    }
    Ok(Outcome::Ran(ran))
}

/// The first page must not be taken for the page asked for.
async fn a_cursor_from_elsewhere_is_refused(context: &Context) -> Verdict {
    let mut ran = Vec::new();
    for listed in claimed(context) {
        let stage = context.stage(listed.seed(context, 2)).await?;
        for cursor in ["elsewhere", "-1", "1e3", "99:", "\u{212a}", ""] {
            stage.forget();
            let result = listed.page(&stage, PageRequest::at(Some(Cursor::new(cursor)))).await;
            stage.expect_refusal(&format!("{listed:?} at {cursor:?}"), result, &[ErrorKind::InvalidInput])?;
            stage.expect_silence("a cursor that no page announced")?;
        }
        ran.push(listed.capability());
    }
    Ok(Outcome::Ran(ran))
}
