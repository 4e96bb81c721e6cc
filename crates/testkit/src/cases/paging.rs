//! Pages: every boundary, small pages, and cursors from elsewhere.

use super::prelude::*;
use workspace_members_core::adapter::RecordKey;

cases! {
    __paging_cases;
    workspaces_come_whole_over_every_page_boundary [ListWorkspaces] => |c| boundaries(c, Listed::Workspaces);
    users_come_whole_over_every_page_boundary [ListUsers] => |c| boundaries(c, Listed::Users);
    groups_come_whole_over_every_page_boundary [ListGroups] => |c| boundaries(c, Listed::Groups);
    members_come_whole_over_every_page_boundary [ListMembers] => |c| boundaries(c, Listed::Members);
    account_members_come_whole_over_every_page_boundary [ListAccountMembers] => |c| boundaries(c, Listed::Account);
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
    pub(super) pages: usize,
    pub(super) total: Option<u64>,
    pub(super) records: BTreeSet<RecordKey>,
}

/// The page, with ids instead of items.
fn ids<T>(page: Page<T>, id: impl Fn(&T) -> String) -> Page<String> {
    let ids = page.items.iter().map(id).collect();
    Page::of_records(ids, page.records).with_next(page.next).with_total(page.total)
}

fn who(member: &Member) -> String {
    member.key.principal.to_string()
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
                    let name = format!("W {number}");
                    let workspace = context.make_workspace(MANY + number, &name, "acting@example.com");
                    let me = context.user(ME);
                    seed.members.push(Grant::new(workspace.id.clone(), me, context.highest()));
                    seed.workspaces.push(workspace);
                }
            }
            Self::Users => seed = context.crowd(count, 1),
            Self::Groups => {
                let group = |number| Group::new(context.ids().make(MANY + number), format!("G {number}"));
                seed.groups = (0..count).map(group).collect();
            }
            Self::Members | Self::Account => seed = context.crowd(count, count),
        }
        seed
    }

    fn expected(self, seed: &Seed) -> BTreeSet<String> {
        match self {
            Self::Workspaces => seed.workspaces.iter().map(|workspace| workspace.id.to_string()).collect(),
            Self::Users => seed.users.iter().map(|user| user.id.to_string()).collect(),
            Self::Groups => seed.groups.iter().map(|group| group.id.to_string()).collect(),
            Self::Members | Self::Account => {
                seed.members.iter().map(|grant| grant.principal.to_string()).collect()
            }
        }
    }

    fn members_of(self, stage: &Stage) -> ListOf {
        if self == Self::Account { ListOf::Account } else { ListOf::Workspace(stage.legal.clone()) }
    }

    /// One page.
    async fn page(self, stage: &Stage, page: PageRequest) -> Result<Page<String>, Error> {
        let members = stage.members();
        Ok(match self {
            Self::Workspaces => {
                ids(members.workspaces_page(page).await?, |workspace| workspace.id.to_string())
            }
            Self::Users => ids(members.users_page(page).await?, |user| user.id.to_string()),
            Self::Groups => ids(members.groups_page(page).await?, |group| group.id.to_string()),
            Self::Members | Self::Account => {
                ids(members.members_page(&self.members_of(stage), page).await?, who)
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
            Self::Members | Self::Account => {
                members.members(self.members_of(stage)).map_ok(|member| who(&member)).try_collect().await
            }
        }
    }

    pub(super) async fn walk(self, stage: &Stage, size: Option<u32>) -> Checked<Walk> {
        let mut walk =
            Walk { ids: Vec::new(), first_page: 0, pages: 0, total: None, records: BTreeSet::new() };
        let mut request = PageRequest::default();
        loop {
            request.size = size;
            let page = self.page(stage, request).await?;
            if walk.pages == 0 {
                walk.first_page = page.items.len() as u64;
            }
            // Any page may have it, and all that do agree.
            walk.total = walk.total.or(page.total);
            walk.pages += 1;
            let (number, total) = (walk.pages, walk.total);
            check!(
                page.total.is_none() || page.total == total,
                "the total of {self:?} on page {number}: {:?}, and before {total:?}",
                page.total
            );
            walk.ids.extend(page.items);
            walk.records.extend(page.records);
            check!(walk.pages < 10_000, "{self:?} does not end");
            let Some(cursor) = page.next else { return Ok(walk) };
            request = PageRequest::at(Some(cursor));
        }
    }

    /// A world whose listing has at least three pages, and a walk over it; only if it has pages.
    pub(super) async fn paged(self, context: &Context) -> Checked<(Stage, Walk)> {
        let mut count = 3 * u64::from(context.capabilities.page_size()) + 1;
        for _ in 0..2 {
            let stage = context.stage(self.seed(context, count)).await?;
            let walk = self.walk(&stage, None).await?;
            only_if(walk.pages > 1, &format!("the list of {self:?} has no pages"))?;
            if walk.pages >= 3 {
                return Ok((stage, walk));
            }
            count = 3 * walk.first_page + 1;
        }
        let message = format!("{self:?} of {count} records has two pages, whatever the size of the first");
        Err(Stop::failed(message))
    }
}

/// Lists 0, 1, size - 1, size, size + 1 and more than three times size records, by pages and as a stream.
async fn boundaries(context: &Context, listed: Listed) -> Checked {
    let (size, many) = match listed.paged(context).await {
        Ok((_, walk)) => (walk.first_page, walk.ids.len() as u64),
        // The sizes are those at which an adapter that took it for paged would go wrong.
        Err(Stop::NotApplicable(_)) => {
            let size = u64::from(context.capabilities.page_size());
            (size, 3 * size + 1)
        }
        Err(failed) => return Err(failed),
    };
    let counts = BTreeSet::from([listed.fewest(), 1, size.saturating_sub(1), size, size + 1, many]);
    for count in counts.into_iter().filter(|count| *count >= listed.fewest()) {
        let stage = context.stage(listed.seed(context, count)).await?;
        stage.forget();
        let walk = listed.walk(&stage, None).await?;
        let requests = stage.requests();
        let what = format!("{listed:?}, {count} records by pages");
        let distinct: BTreeSet<String> = walk.ids.iter().cloned().collect();
        check_eq!(distinct, listed.expected(&stage.seed), "{what}");
        check_eq!(walk.ids.len(), distinct.len(), "{what}, some of them twice");
        if let Some(total) = walk.total.filter(|_| listed != Listed::Account) {
            check_eq!(total, count, "{what}: the total");
        }
        if context.bare() && stage.world.proxy.is_some() {
            check_eq!(requests, walk.pages, "{what}: one request per page");
        }
        check_eq!(listed.stream(&stage).await?, walk.ids, "{listed:?}, {count} records as a stream");
    }
    Ok(())
}

pub(super) fn claimed(context: &Context) -> impl Iterator<Item = Listed> + '_ {
    Listed::ALL.into_iter().filter(|listed| context.has(listed.capability()))
}

/// A size asked for is a request: smaller or larger pages, never other records.
async fn pages_of_any_size_make_the_same_listing(context: &Context) -> Checked {
    for listed in claimed(context) {
        let stage = context.stage(listed.seed(context, 7)).await?;
        for size in [1, 2, 6, 7, 8, u32::MAX] {
            let walk = listed.walk(&stage, Some(size)).await?;
            check_eq!(walk.ids.len(), 7, "{listed:?} by pages of {size}: how many records");
            let ids: BTreeSet<_> = walk.ids.into_iter().collect();
            check_eq!(ids, listed.expected(&stage.seed), "{listed:?} by pages of {size}");
        }
        context.note_exercised(listed.capability());
    }
    Ok(())
}

/// The first page must not be taken for the page asked for.
async fn a_cursor_from_elsewhere_is_refused(context: &Context) -> Checked {
    for listed in claimed(context) {
        let stage = context.stage(listed.seed(context, 2)).await?;
        for cursor in ["elsewhere", "-1", "1e3", "99:", "\u{212a}", ""] {
            stage.forget();
            let result = listed.page(&stage, PageRequest::at(Some(Cursor::new(cursor)))).await;
            stage.expect_refusal(&format!("{listed:?} at {cursor:?}"), result, &[ErrorKind::InvalidInput])?;
            stage.expect_silence("a cursor that no page announced")?;
        }
        context.note_exercised(listed.capability());
    }
    Ok(())
}
