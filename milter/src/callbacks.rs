//! What is done at each step of the protocol.

use std::ffi::CString;
use std::future::ready;
use std::sync::Arc;

use indymilter::{
    Actions, CallbackFuture, Callbacks, Context, ContextActions as _, EomContext, Macros, NegotiateContext, ProtoOpts,
    SetErrorReply as _, Status,
};
use switchback_gateway::Gateway;

use crate::answer;
use crate::judging::judged;
use crate::line;
use crate::messages::Messages;
use crate::negotiation::{self, Agreed};
use crate::session::Session;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) gateway: Gateway,
    pub(crate) messages: Messages,
}

/// The steps. All that can be told of a message is told at its end: nothing is refused before.
pub(crate) fn callbacks(door: &Arc<Door>) -> Callbacks<Session> {
    let [at_mail, at_end] = [Arc::clone(door), Arc::clone(door)];
    Callbacks::new()
        .on_negotiate(|context, actions, options| done(negotiate(context, actions, options)))
        .on_connect(|context, host, socket| {
            let (session, macros) = parts(context);
            session.connect(macros, &host, &socket);
            done(unanswered(session, ProtoOpts::NOREPLY_CONNECT))
        })
        .on_helo(|context, name| {
            let (session, _) = parts(context);
            session.helo(&name);
            done(unanswered(session, ProtoOpts::NOREPLY_HELO))
        })
        .on_mail(move |context, arguments| done(mail(&at_mail, context, &arguments)))
        .on_rcpt(|context, arguments| {
            let (session, _) = parts(context);
            session.recipient(&arguments);
            done(unanswered(session, ProtoOpts::NOREPLY_RCPT))
        })
        .on_header(|context, name, value| {
            let (session, _) = parts(context);
            field(session, name.to_bytes(), value.to_bytes());
            done(unanswered(session, ProtoOpts::NOREPLY_HEADER))
        })
        .on_eoh(|context| {
            let (session, _) = parts(context);
            session.message().into_iter().for_each(|message| message.end_of_header());
            done(unanswered(session, ProtoOpts::NOREPLY_EOH))
        })
        .on_body(|context, piece| {
            let (session, _) = parts(context);
            let is_wanted = session.message().is_none_or(|message| message.body(&piece));
            done(if !is_wanted && session.agreed.can_skip() { Status::Skip } else { Status::Continue })
        })
        .on_eom(move |context| {
            let door = Arc::clone(&at_end);
            Box::pin(async move { end(&door, context).await })
        })
        .on_abort(|context| {
            parts(context).0.forget();
            done(Status::Continue)
        })
        .on_close(|context| {
            if context.data.take().is_none() {
                tracing::info!("a connection has ended on which nobody spoke as a mail server");
            }
            done(Status::Continue)
        })
}

fn done<'a>(status: Status) -> CallbackFuture<'a> {
    Box::pin(ready(status))
}

/// The session and the macros. There is a session since the negotiation.
fn parts(context: &mut Context<Session>) -> (&mut Session, &Macros) {
    (context.data.get_or_insert_default(), &context.macros)
}

fn unanswered(session: &Session, stage: ProtoOpts) -> Status {
    if session.agreed.is_unanswered(stage) { Status::Noreply } else { Status::Continue }
}

fn negotiate(context: &mut NegotiateContext<Session>, actions: Actions, options: ProtoOpts) -> Status {
    match Agreed::on(actions, options) {
        Ok((actions, agreed)) => {
            context.requested_actions = actions;
            context.requested_opts = agreed.options();
            context.requested_macros = negotiation::macros();
            context.data = Some(Session::new(agreed));
            Status::Continue
        }
        // Ends the connection, and the mail server does what it does without a milter.
        Err(missing) => {
            tracing::error!("the mail server does not let milters do what is needed: {missing:?}");
            Status::Reject
        }
    }
}

fn mail(door: &Door, context: &mut Context<Session>, arguments: &[CString]) -> Status {
    let Some(running) = door.messages.begin() else {
        // Without its text it would be as good.
        drop(context.reply.set_error_reply("451", Some("4.3.2"), ["The mail filter is restarting, please try again"]));
        return Status::Tempfail;
    };
    let text = door.gateway.text();
    let (session, macros) = parts(context);
    session.mail(macros, arguments, text, running);
    if let Some(message) = session.message().filter(|message| !door.gateway.is_scored(&message.transaction)) {
        message.leave_out_body();
    }
    Status::Continue
}

fn field(session: &mut Session, name: &[u8], value: &[u8]) {
    let has_leading_space = session.agreed.has_leading_space();
    let Some(message) = session.message() else { return };
    if has_leading_space {
        message.field(name, value);
    } else {
        // One was taken away, which nearly every field has.
        message.field(name, &[b" ", value].concat());
    }
}

async fn end(door: &Door, context: &mut EomContext<Session>) -> Status {
    let Some(session) = &mut context.data else { return Status::Tempfail };
    let agreed = session.agreed;
    let Some(message) = session.take(&context.macros) else { return Status::Tempfail };
    let (mail, running) = message.into_mail();
    let entry = line::Entry::of(&mail);
    let Some(decision) = judged(door.gateway.judge(mail), || context.actions.progress()).await else {
        tracing::warn!(
            queue_id = entry.queue_id,
            "judging took too long, or the mail server is gone: the client is to try again"
        );
        return Status::Tempfail;
    };
    let status = match answer::give(&context.actions, &mut context.reply, &decision, agreed).await {
        Ok(status) => status,
        // The connection ends, and the mail server does what it does without a milter.
        Err(error) => {
            tracing::warn!(queue_id = entry.queue_id, "the mail server does not take the answer: {error}");
            return Status::Tempfail;
        }
    };
    entry.log(&decision);
    drop(running);
    status
}
