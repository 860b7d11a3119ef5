//! Hands the submitted files to the jail's init, which writes them from inside.

use super::error::JobError;
use super::request::SourceFile;
use crate::pool::Jail;
use jail::proto::{PIECE, ToInit};

/// Sends all of them. Init answers only when it fails, and then the stage does not start.
pub(super) async fn place(jail: &mut Jail, files: &[SourceFile]) -> Result<(), JobError> {
    for file in files {
        let name = file.name.as_str().to_owned();
        jail.send(&ToInit::File { name }).await?;
        for piece in file.content.chunks(PIECE) {
            jail.send(&ToInit::Piece(piece.to_vec())).await?;
        }
    }
    Ok(())
}
