//! Responses with content: files, blocks and archives.

use std::fmt::Write as _;

use cid::Cid;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::block::Block;
use crate::body::Body;
use crate::car::Car;
use crate::content_type::content_type;
use crate::directory::Directory;
use crate::index::BlockIndex;
use crate::published::Published;
use crate::request::{Format, Request};
use crate::resolve::Resolved;
use crate::response::Response;

/// The codec of blocks that are bytes and nothing else.
const RAW: u64 = 0x55;
/// The deepest directories of an archive.
const DEPTH: usize = 32;

/// A file, or the entries of a directory.
pub(crate) fn content(
    request: &Request<'_>,
    index: &BlockIndex,
    resolved: &Resolved<'_>,
    name: Option<&str>,
) -> Response {
    let Resolved { cid, block, object, .. } = resolved;
    match object {
        Some(Published::File(file)) => {
            let named = name.map(content_type).filter(|named| *named != Format::Content.content_type());
            Response::new(named.unwrap_or(file.content_type), file.body()).tagged(format!("\"{cid}\""), request)
        }
        Some(Published::Directory(directory)) => {
            match directory.entries().get("index.html").map(|cid| index.object(cid)) {
                Some(Some(Published::File(page))) => {
                    Response::new(page.content_type, page.body()).tagged(format!("\"{}\"", page.dag.root()), request)
                }
                _ => {
                    let mut body = Body::default();
                    body.push_bytes(list(directory).into_bytes());
                    Response::new("text/html; charset=utf-8", body).tagged(format!("\"DirIndex-{cid}\""), request)
                }
            }
        }
        None if cid.codec() == RAW => {
            Response::new(Format::Content.content_type(), block.clone()).tagged(format!("\"{cid}\""), request)
        }
        None => Response::problem(
            404,
            format!("{cid} is a node in the middle of a file: ask for its block with ?format=raw"),
        ),
    }
}

/// One block.
pub(crate) fn block(request: &Request<'_>, resolved: &Resolved<'_>) -> Response {
    let cid = resolved.cid;
    Response::new(Format::Block.content_type(), resolved.block.clone())
        .with("Content-Disposition", format!("attachment; filename=\"{cid}.bin\""))
        .with("X-Content-Type-Options", "nosniff")
        .tagged(format!("\"{cid}.raw\""), request)
}

/// An archive of the blocks on the way to the content, and of the content. `dag-scope` limits it to one block (`block`), or to a directory
/// without what its entries have (`entity`).
pub(crate) fn car(request: &Request<'_>, index: &BlockIndex, resolved: &Resolved<'_>) -> Response {
    let cid = resolved.cid;
    let scope = request.parameter("dag-scope").unwrap_or("all");
    let Some(depth) = [("block", 0), ("entity", 1), ("all", DEPTH)].iter().find(|(name, _)| *name == scope) else {
        return Response::problem(400, format!("dag-scope={scope} is not supported: choose block, entity or all"));
    };
    let mut car = Car::new(&cid);
    for root in &resolved.roots {
        if let Some(block) = index.block(root) {
            car.push(*root, block);
        }
    }
    if resolved.object.is_none() {
        car.push(cid, resolved.block.clone());
    }
    push_all(&mut car, index, &cid, depth.1);
    let tag = if scope == "all" { format!("\"{cid}.car\"") } else { format!("\"{cid}.{scope}.car\"") };
    Response::new(Format::Car.content_type(), car.body())
        .with("Content-Disposition", format!("attachment; filename=\"{cid}.car\""))
        .with("X-Content-Type-Options", "nosniff")
        .tagged(tag, request)
}

/// Adds the blocks of an object, every node before the blocks to which it links.
fn push_all(car: &mut Car, index: &BlockIndex, root: &Cid, depth: usize) {
    if depth == 0 {
        return;
    }
    match index.object(root) {
        Some(Published::File(file)) => {
            for cid in file.dag.blocks().iter().rev().map(Block::cid) {
                if let Some(block) = index.block(&cid) {
                    car.push(cid, block);
                }
            }
        }
        Some(Published::Directory(directory)) => {
            if let Some(block) = index.block(root) {
                car.push(*root, block);
            }
            for entry in directory.entries().values() {
                push_all(car, index, entry, depth - 1);
            }
        }
        None => {}
    }
}

/// A page with the entries of a directory. Its links are absolute, because a request may be without a slash at its end.
fn list(directory: &Directory) -> String {
    let root = directory.root();
    let mut page = format!("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>/ipfs/{root}</title>\n<ul>\n");
    for name in directory.entries().keys() {
        let link = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let text = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(page, "<li><a href=\"/ipfs/{root}/{link}\">{text}</a></li>");
    }
    page + "</ul>\n"
}
