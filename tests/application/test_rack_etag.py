"""Rack::ETag holds what Rails streams, from Rack 2.2 to Rack 3, unless the answer has a validator of its own."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

LOCK = "GEM\n  specs:\n    rack (%s)\n      base64\n    rails (7.0.8)\n      rack (~> 2.0)\n"
CONTROLLER = """\
class FeedController < ApplicationController
  include ActionController::Live
  def show
    response.headers["Content-Type"] = "text/event-stream"
    sse = SSE.new(response.stream)
    loop { sse.write(message) }
  end
end
"""
APPLICATION = {
    "Gemfile": 'gem "rails"\n',
    "config/routes.rb": 'Rails.application.routes.draw do\n  get "/feed", to: "feed#show"\nend\n',
}
PLACE = "app/controllers/feed_controller.rb"


@pytest.mark.parametrize(
    ("version", "is_held"), [("2.2.0", True), ("2.2.13", True), ("2.1.4", False), ("3.1.2", False)]
)
def test_the_locked_version_decides(version: str, is_held: bool, lint: Lint) -> None:
    report = lint({**APPLICATION, PLACE: CONTROLLER, "Gemfile.lock": LOCK % version})
    assert problems(report, "buffered-stream") == ([f"{PLACE}:4 error buffered-stream"] if is_held else [])
    assert not report["unknown"]


def test_nothing_is_said_where_no_version_is_locked(lint: Lint) -> None:
    assert problems(lint({**APPLICATION, PLACE: CONTROLLER}), "buffered-stream") == []


@pytest.mark.parametrize(
    "line",
    [
        'response.headers["Last-Modified"] = Time.now.httpdate',
        "response.headers['ETag'] = '0'",
        "headers.delete('ETag') if false",
    ],
)
def test_an_answer_with_a_validator_of_its_own_is_left_alone(line: str, lint: Lint) -> None:
    controller = CONTROLLER.replace("    sse =", f"    {line}\n    sse =")
    report = lint({**APPLICATION, PLACE: controller, "Gemfile.lock": LOCK % "2.2.2"})
    assert problems(report, "buffered-stream") == []


def test_a_controller_above_may_set_it(lint: Lint) -> None:
    above = (
        "class ApplicationController\n  before_action { response.headers['Last-Modified'] = Time.now.httpdate }\nend\n"
    )
    files = {PLACE: CONTROLLER, "app/controllers/application_controller.rb": above, "Gemfile.lock": LOCK % "2.2.2"}
    assert problems(lint({**APPLICATION, **files}), "buffered-stream") == []


@pytest.mark.parametrize(
    ("included", "is_held"), [("EventStreaming", False), ("Events::EventStreaming", False), ("Other", True)]
)
def test_a_concern_may_set_it(included: str, is_held: bool, lint: Lint) -> None:
    concern = (
        "module EventStreaming\n  def prepare\n    response.headers['Last-Modified'] = Time.now.httpdate\n  end\nend\n"
    )
    first, rest = CONTROLLER.split("\n", 1)
    files = {
        PLACE: f"{first}\n  include {included}; before_action :prepare\n{rest}".replace("; ", "\n  "),
        "app/controllers/concerns/event_streaming.rb": concern,
        "app/controllers/concerns/other.rb": "module Other\nend\n",
        "Gemfile.lock": LOCK % "2.2.2",
    }
    assert bool(problems(lint({**APPLICATION, **files}), "buffered-stream")) is is_held


@pytest.mark.parametrize("path", ["config/application.rb", "config/initializers/rack.rb"])
def test_middleware_that_is_taken_out_holds_nothing(path: str, lint: Lint) -> None:
    settings = "Rails.application.configure do\n  config.middleware.delete Rack::ETag\nend\n"
    files = {PLACE: CONTROLLER, path: settings, "Gemfile.lock": LOCK % "2.2.2"}
    assert problems(lint({**APPLICATION, **files}), "buffered-stream") == []
