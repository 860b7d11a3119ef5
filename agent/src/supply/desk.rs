//! The front's part: takes the requests of clients to the process that does them, one after the other.

use super::talk::{ANSWER_MAX, Answer, Change, DeskError, Request};
use crate::pool::Link;
use crate::warden::protocol::Purpose;
use agent_api::{PackageInfo, PackageName};
use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout};

/// How long what indexes offer is good: clients from anywhere may ask for it, and each time would be a download.
const OFFERS_AGE: Duration = Duration::from_secs(60);

/// How long at least nobody asks again where none could be read, and as long as asking took. What was known before is good until
/// then.
const FAILURE_AGE: Duration = Duration::from_secs(5);

/// How long a request waits for those before it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A longer name or selector, in bytes, is nothing's.
const LENGTH_MAX: usize = 256;

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Desk {
    link: Arc<Link>,
    changes: Mutex<()>,
    offers: Mutex<Offers>,
}

#[derive(Debug, Default)]
struct Offers {
    good_until: Option<Instant>,
    packages: Vec<PackageName>,
}

impl Offers {
    fn are_good(&self) -> bool {
        self.good_until.is_some_and(|end| Instant::now() < end)
    }

    /// What came of asking, if anything, and how long that took.
    fn learn(&mut self, offered: Option<Vec<PackageName>>, took: Duration) {
        let age = match offered {
            Some(_) => OFFERS_AGE,
            None => FAILURE_AGE.max(took),
        };
        self.good_until = Some(Instant::now() + age);
        if let Some(packages) = offered {
            self.packages = packages;
        }
    }
}

impl Desk {
    /// Over the channel to the warden.
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            changes: Mutex::default(),
            offers: Mutex::default(),
        }
    }

    /// What the indexes have offered within the last minute, and what is installed now.
    pub(crate) async fn list(&self) -> Result<Vec<PackageInfo>, DeskError> {
        let mut known = turn(&self.offers).await?;
        let offers = !known.are_good();
        let begin = Instant::now();
        match self.ask(&Request::List { offers }).await?.0 {
            Answer::Packages { offered, installed } => {
                if offers {
                    known.learn(offered, begin.elapsed());
                }
                Ok(merged(&known.packages, installed))
            }
            Answer::Failed(why) => Err(DeskError::Failed(why)),
            Answer::Changed(_) | Answer::Unknown => Err(DeskError::Unavailable),
        }
    }

    /// Installs or removes what a selector comes to. When this is `Ok`, jobs that come now see it so.
    pub(crate) async fn change(
        &self,
        change: Change,
        package: PackageName,
    ) -> Result<PackageName, DeskError> {
        let PackageName { language, version } = package.clone();
        if language.len().max(version.len()) > LENGTH_MAX {
            return Err(DeskError::Unknown { language, version });
        }
        let _turn = turn(&self.changes).await?;
        match self.ask(&Request::Change(change, package)).await? {
            (Answer::Changed(changed), true) => Ok(changed),
            (Answer::Changed(PackageName { language, version }), false) => {
                Err(DeskError::NotFollowed { language, version })
            }
            (Answer::Unknown, _) => Err(DeskError::Unknown { language, version }),
            (Answer::Failed(why), _) => Err(DeskError::Failed(why)),
            (Answer::Packages { .. }, _) => Err(DeskError::Unavailable),
        }
    }

    /// The answer, and whether the node has followed it.
    async fn ask(&self, request: &Request) -> Result<(Answer, bool), DeskError> {
        let asked = async {
            let (ours, theirs) = StdStream::pair()?;
            let purpose = match request {
                Request::List { .. } => Purpose::List,
                Request::Change(..) => Purpose::Change,
            };
            let (said, followed) = tokio::join!(
                converse(ours, request),
                self.link.supply(purpose, theirs.into()),
            );
            Ok((said?, followed.map_err(io::Error::other)?))
        };
        asked.await.map_err(|error: io::Error| {
            tracing::error!(%error, "packages can't be asked for");
            DeskError::Unavailable
        })
    }
}

/// Waits for the requests before this one, as long as that is worth it.
async fn turn<T>(lock: &Mutex<T>) -> Result<MutexGuard<'_, T>, DeskError> {
    let turn = timeout(PATIENCE, lock.lock());
    turn.await.map_err(|_| DeskError::Busy)
}

/// One request, one answer. No answer is an end like any other of a process that died.
async fn converse(socket: StdStream, request: &Request) -> io::Result<Answer> {
    socket.set_nonblocking(true)?;
    let mut socket = UnixStream::from_std(socket)?;
    socket.write_all(&serde_json::to_vec(request)?).await?;
    socket.shutdown().await?;
    let mut answer = Vec::new();
    socket.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    Ok(serde_json::from_slice(&answer)?)
}

/// As Piston lists them: what is offered, in that order; then what is installed besides.
fn merged(offered: &[PackageName], installed: Vec<PackageName>) -> Vec<PackageInfo> {
    let key = |package: &PackageName| (package.language.clone(), package.version.clone());
    let there: BTreeSet<_> = installed.iter().map(key).collect();
    let known: BTreeSet<_> = offered.iter().map(key).collect();
    let others = installed
        .iter()
        .filter(|package| !known.contains(&key(package)));
    let all = offered.iter().chain(others);
    all.map(|package| PackageInfo {
        language: package.language.clone(),
        language_version: package.version.clone(),
        installed: there.contains(&key(package)),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_offered_is_good_for_a_while() {
        let mut offers = Offers::default();
        assert!(!offers.are_good());
        let packages = vec![PackageName {
            language: "a".to_owned(),
            version: "1.0.0".to_owned(),
        }];
        let long = 2 * FAILURE_AGE;
        for (offered, took, age) in [
            (Some(packages.clone()), long, OFFERS_AGE),
            (None, Duration::ZERO, FAILURE_AGE),
            (None, long, long),
        ] {
            offers.learn(offered, took);
            tokio::time::advance(age - Duration::from_millis(1)).await;
            assert!(offers.are_good());
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(!offers.are_good());
            // Also where nobody could say anything new.
            assert_eq!(offers.packages, packages);
        }
    }

    #[test]
    fn what_is_installed_is_said_of_what_is_offered_or_added() {
        let name = |language: &str| PackageName {
            language: language.to_owned(),
            version: "1.0.0".to_owned(),
        };
        let listed = merged(&[name("b"), name("c")], vec![name("a"), name("c")]);
        let said: Vec<_> = listed
            .iter()
            .map(|info| (info.language.as_str(), info.installed))
            .collect();
        assert_eq!(said, [("b", false), ("c", true), ("a", true)]);
    }
}
