"""A comment endpoint with Flask: 201 for an approved comment, 422 with the reason for a rejected one.

Run it with ``flask --app examples/comment_endpoint run``, then::

    curl -X POST -H 'content-type: application/json' -d '{"text": "You are an idiot."}' localhost:5000/comments
"""

from flask import Flask, Response, jsonify, request

from moderation import Moderator

app = Flask(__name__)
moderator = Moderator()  # one for all threads


@app.post("/comments")
def post_comment() -> tuple[Response, int]:
    posted = request.get_json(silent=True)
    if not isinstance(posted, dict) or not isinstance(posted.get("text"), str):
        return jsonify(error='send JSON such as {"text": "a comment"}'), 400
    decision = moderator.moderate(posted["text"], article=posted.get("article"))
    if decision.approved:
        return jsonify(status="published"), 201
    return jsonify(status="rejected", category=decision.category, reasons=[found.reason for found in decision.evidence]), 422


if __name__ == "__main__":
    app.run()
