"""Every page, as one router: a problem with any of them is told as a page too."""

from __future__ import annotations

from litestar import Router

from service.api import oidc
from service.web import assets, browsing, checking, giving_feedback, signing_in
from service.web.desk import access, dashboard, editing, extracting, queue, steps, watching
from service.web.errors import respond

ROUTES = Router(
    path="/",
    route_handlers=[
        assets.read_asset,
        checking.ask,
        checking.answer_page,
        checking.read_verdict,
        giving_feedback.give_feedback,
        browsing.browse,
        browsing.read_record,
        browsing.read_history,
        signing_in.sign_in_form,
        signing_in.sign_in,
        signing_in.leave,
        oidc.begin_oidc,
        oidc.finish_oidc,
        queue.queue,
        queue.records,
        editing.new_record,
        editing.create_record,
        editing.edit_record,
        editing.save_record,
        editing.read_revisions,
        steps.publish,
        steps.retract,
        steps.supersede,
        steps.merge,
        extracting.extract_form,
        extracting.extract,
        dashboard.dashboard,
        dashboard.claims_chart,
        dashboard.read_feedback,
        dashboard.links,
        dashboard.check_links,
        watching.watches,
        watching.create_watch,
        watching.change_watch,
        access.access,
        access.revoke_key,
        access.disable_person,
        access.enable_person,
    ],
    exception_handlers={Exception: respond},
)
